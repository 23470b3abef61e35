package install

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Options say what is installed where. Paths other than Prefix and Program are
// those that the Pi will see.
type Options struct {
	Prefix  string // root of the file system: "/", or an image's
	User    string // who runs the service; made if there is none of the name
	Program string // the pioactor to install, a file on this machine
	Config  string // its config file; "" for the defaults
	DataDir string // where it keeps state
	Boot    bool   // also write the settings of the boot
}

var (
	userName  = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)              // as useradd has them
	plainPath = regexp.MustCompile(`^/[A-Za-z0-9._+@-][A-Za-z0-9/._+@-]*$`) // nothing that systemd would expand
)

// Validate tells all that is wrong.
func (o Options) Validate() error {
	var errs []error
	if !userName.MatchString(o.User) {
		errs = append(errs, fmt.Errorf("--user: want small letters, digits, _ and -, got %q", o.User))
	}
	if o.User == "root" {
		errs = append(errs, errors.New("--user: pioactor needs no root; name another user"))
	}
	if !path.IsAbs(o.Prefix) {
		errs = append(errs, fmt.Errorf("--prefix: want an absolute path, got %q", o.Prefix))
	}
	if o.Config != "" {
		errs = append(errs, checkPath("--config", o.Config))
	}
	if within(recordDir, o.DataDir) || within(o.DataDir, recordDir) {
		errs = append(errs, fmt.Errorf("--data-dir: %s overlaps with %s, which root alone may write; choose another place", o.DataDir, recordDir))
	}
	return errors.Join(append(errs, checkPath("--data-dir", o.DataDir))...)
}

// checkPath refuses what the service could not see or systemd would read otherwise.
func checkPath(flag, p string) error {
	if !plainPath.MatchString(p) || path.Clean(p) != p {
		return fmt.Errorf("%s: want an absolute path of letters, digits and ._+@-, got %q", flag, p)
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/run", "/dev", "/proc", "/sys"} {
		if within(p, dir) {
			return fmt.Errorf("%s: %s is below %s, which is emptied at a restart or hidden from a service; choose another place", flag, p, dir)
		}
	}
	return nil
}

// within reports whether p is dir or below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func (o Options) live() bool { return path.Clean(o.Prefix) == "/" }
