package install

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// rivals finds who else would drive the HAT: Pioreactor's own services, and
// processes that hold its buses or lines now.
func (in *Installer) rivals() ([]string, error) {
	var all []string
	services, err := fs.Glob(in.tree.FS(), "etc/systemd/system/*.wants/pioreactor_startup_run@*.service") // CustoPiZer, 04-install-services.sh
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	var names []string
	for _, s := range services {
		names = append(names, path.Base(s))
	}
	if len(names) > 0 {
		slices.Sort(names)
		all = append(all, fmt.Sprintf("Pioreactor's own software starts here too (%s) and would drive the same HAT: turn it off with `sudo systemctl disable --now %s`; leave load_rp2040.service on, it loads the HAT's firmware",
			strings.Join(names, ", "), strings.Join(names, " ")))
	}
	holders, err := in.holders()
	return append(all, holders...), err
}

// holders are processes that hold a bus or a line, other than pioactor. Without
// root only one's own can be seen.
func (in *Installer) holders() ([]string, error) {
	processes, err := fs.Glob(in.tree.FS(), "proc/[0-9]*")
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	var all []string
	for _, dir := range processes {
		if name := in.said(dir + "/comm"); name == "pioactor" {
			continue
		}
		if held := in.holds(dir); len(held) > 0 {
			pid := path.Base(dir)
			all = append(all, fmt.Sprintf("process %s (%s) holds %s: stop it before pioactor starts (`sudo kill %s`, or the service it belongs to: `systemctl status %s`)",
				pid, in.said(dir+"/cmdline"), strings.Join(held, ", "), pid, pid))
		}
	}
	return all, nil
}

// holds are the devices that a process has open. A process that ended meanwhile,
// or is somebody else's, holds nothing that can be seen.
func (in *Installer) holds(dir string) (held []string) {
	d, err := in.tree.Open(dir + "/fd")
	if err != nil {
		return nil
	}
	names, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return nil
	}
	for _, n := range names {
		target, err := in.tree.Readlink(dir + "/fd/" + n)
		if err == nil && ofHAT(target) && !slices.Contains(held, target) {
			held = append(held, target)
		}
	}
	slices.Sort(held)
	return held
}

// ofHAT reports whether an open file is one through which a HAT is driven.
func ofHAT(target string) bool {
	for _, prefix := range []string{"/dev/i2c-", "/dev/gpiochip", "anon_inode:gpio-", "anon_inode:[gpio-"} {
		if strings.HasPrefix(target, prefix) {
			return true
		}
	}
	return false
}

// said is a small text of /proc, made fit for one line.
func (in *Installer) said(name string) string {
	text, err := in.tree.ReadFile(name)
	if err != nil {
		return "" // it ended meanwhile
	}
	words := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, string(text))
	return fmt.Sprintf("%.80s", strings.TrimSpace(words))
}
