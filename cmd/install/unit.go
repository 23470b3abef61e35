package install

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"text/template"
)

// What is installed, by the path that the Pi sees.
const (
	programPath = "/usr/local/bin/pioactor"
	unitName    = "pioactor.service"
	unitPath    = "/etc/systemd/system/" + unitName
	rulesPath   = "/etc/udev/rules.d/60-pioactor.rules"
	enabledPath = "/etc/systemd/system/multi-user.target.wants/" + unitName
)

//go:embed pioactor.service.tmpl 60-pioactor.rules
var texts embed.FS

// service fills the template of the unit.
type service struct {
	Program, Flags, User, DataDir string
	State                         string // the part of DataDir below /var/lib, if it is there
	Home                          string // ProtectHome
	Steps                         bool   // systemd knows a growing pause between restarts
}

func (o Options) service(systemd int) service {
	s := service{Program: programPath, User: o.User, DataDir: o.DataDir, Home: "yes",
		Steps: systemd >= 254} // RestartSteps=: systemd 254
	if o.Config != "" {
		s.Flags = " --config " + o.Config
	}
	s.Flags += " --data-dir " + o.DataDir
	if below, ok := strings.CutPrefix(o.DataDir, "/var/lib/"); ok {
		s.State = below
	}
	for _, p := range []string{o.Config, o.DataDir} {
		if within(p, "/home") || within(p, "/root") {
			s.Home = "read-only"
		}
	}
	return s
}

// render writes the unit file.
func (s service) render() ([]byte, error) {
	t, err := template.ParseFS(texts, unitName+".tmpl")
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	return []byte(b.String()), nil
}

// systemdVersion finds the version of systemd by the name of its library: in an
// image of another processor nothing can be run. 0 means unknown.
func systemdVersion(fsys fs.FS) int {
	var found []string
	for _, pattern := range []string{"usr/lib/systemd/libsystemd-shared-*.so", "usr/lib/*/systemd/libsystemd-shared-*.so"} {
		names, err := fs.Glob(fsys, pattern)
		if err == nil { // the patterns are well formed: never otherwise
			found = append(found, names...)
		}
	}
	newest := 0
	for _, name := range found {
		digits := strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "libsystemd-shared-"), ".so")
		digits, _, _ = strings.Cut(digits, ".")
		if n, err := strconv.Atoi(digits); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}
