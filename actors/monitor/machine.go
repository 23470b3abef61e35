package monitor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// readMachine looks at this computer. What it cannot read stays 0 or empty.
func readMachine(disk string) reading {
	r := readFiles(os.DirFS("/"))
	r.app = appVersion()
	ipv4, err := readIPv4()
	r.network.ipv4, r.err = ipv4, errors.Join(r.err, err)
	gb, percent, err := diskFree(disk)
	if err != nil {
		r.err = errors.Join(r.err, fmt.Errorf("monitor: disk of %s: %w", disk, err))
		return r
	}
	r.computer.DiskFreeGB, r.computer.DiskFreePercent, r.disk = gb, percent, true
	return r
}

// appVersion is the module's version, or "unknown" in a build without one.
func appVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// Where Linux shows what we want, below /.
const (
	thermalFile = "sys/class/thermal/thermal_zone0/temp" // the CPU on a Raspberry Pi, in m°C
	memoryFile  = "proc/meminfo"
	modelFile   = "proc/device-tree/model" // ends with a zero byte
)

// readFiles reads what is in files. A file that does not exist is no trouble: a
// laptop has no device tree.
func readFiles(root fs.FS) (r reading) {
	var c actors.Computer
	c.CPUTemperatureC = optional(root, thermalFile, &r.err, celsius)
	c.MemoryMB = optional(root, memoryFile, &r.err, availableMB)
	r.machine = optional(root, modelFile, &r.err, func(text string) (string, error) {
		return strings.TrimRight(text, "\x00\n "), nil
	})
	r.computer, r.sync = c, readSync(root)
	macs, err := readMACs(root)
	r.network, r.err = macs, errors.Join(r.err, err)
	return r
}

// optional reads one file and joins what goes wrong to trouble.
func optional[T any](root fs.FS, name string, trouble *error, parse func(string) (T, error)) (value T) {
	text, err := fs.ReadFile(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return value
	}
	if err == nil {
		value, err = parse(string(text))
	}
	if err != nil {
		*trouble = errors.Join(*trouble, fmt.Errorf("monitor: read /%s: %w", name, err))
	}
	return value
}

func celsius(text string) (float64, error) {
	milli, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return float64(milli) / 1000, err
}

// availableMB finds "MemAvailable:  3512345 kB"; proc(5): a kB there is 1024 bytes.
func availableMB(text string) (float64, error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseUint(fields[1], 10, 63)
			return float64(kib) * 1024 / 1e6, err
		}
	}
	return 0, errors.New("no line MemAvailable")
}
