package describe

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// What the EEPROM of every Pioreactor HAT says. Source: Pioreactor 26.7.2,
// hardware.py, and the EEPROM settings of Pioreactor's hardware repository.
const (
	vendor  = "Pioreactor Inc."
	product = "0x0001"
)

// identity is what the computer read from a HAT's EEPROM when it started.
// Linux shows it in proc/device-tree/hat.
type identity struct {
	there   bool // there is an EEPROM that could be read at all
	vendor  string
	product string
	version string // such as "1.1"; empty when it is missing or cannot be one
	raw     string // what stood in the version's place
	serial  string
}

func identify(root string) identity {
	dir := filepath.Join(root, "proc", "device-tree", "hat")
	_, err := os.Stat(dir)
	id := identity{
		there:   err == nil,
		vendor:  told(filepath.Join(dir, "vendor")),
		product: told(filepath.Join(dir, "product_id")),
		raw:     told(filepath.Join(dir, "product_ver")),
		serial:  told(filepath.Join(dir, "uuid")),
	}
	id.version = versionOf(id.raw)
	return id
}

// ours reports whether the EEPROM names a Pioreactor HAT.
func (id identity) ours() bool { return id.vendor == vendor && id.product == product }

// garbled reports whether there is an EEPROM whose owner cannot be told.
func (id identity) garbled() bool {
	return id.there && !id.ours() && (id.vendor == "" || id.product == "" || !plainText(id.vendor) || id.vendor == vendor)
}

// Fitted reports whether there is a HAT to drive: its EEPROM says so, or a
// person does by hat_version. An EEPROM that nobody can read counts too: to
// simulate in silence under a living culture is worse than to ask.
func Fitted(root string, c Config) bool {
	id := identify(root)
	return c.HATVersion != "" || id.ours() || id.garbled()
}

var rawVersion = regexp.MustCompile(`^0x[0-9a-fA-F]*([0-9])([0-9])$`)

// versionOf reads "0x0012" as "1.2": the last two digits count.
func versionOf(raw string) string {
	m := rawVersion.FindStringSubmatch(raw)
	if m == nil || m[1] == "0" { // 0.x: an EEPROM that was never written
		return ""
	}
	return m[1] + "." + m[2]
}

// told reads a small file of the kernel's: "" when there is none. Device tree
// values end with NUL.
func told(path string) string { return strings.TrimRight(head(path, 256), "\x00\n") }

// head reads at most so many bytes of a file: "" when it cannot be read.
func head(path string, most int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return ""
	}
	return string(text)
}

func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) })
}

// computer is the model of the computer and the release of its kernel, each
// "" when they are unknown.
func computer(root string) (model, kernel string) {
	model = clip(told(filepath.Join(root, "proc", "device-tree", "model")))
	kernel = told(filepath.Join(root, "proc", "sys", "kernel", "osrelease"))
	if kernel == "" { // "Linux version 6.12.47+rpt-rpi-v8 (…) …"
		if words := strings.Fields(told(filepath.Join(root, "proc", "version"))); len(words) > 2 {
			kernel = words[2]
		}
	}
	return model, clip(kernel)
}

func isPi(model string) bool { return strings.HasPrefix(model, "Raspberry Pi") }

// access says in a person's words why a file or a device cannot be had.
func access(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "not there"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not"
	}
	return err.Error()
}
