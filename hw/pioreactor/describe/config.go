package describe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Config is the section [pioreactor]: what a person may say about the HAT.
type Config struct {
	HardwareDir string `toml:"hardware_dir" help:"Pioreactor's YAML files about the HAT, laid over what is built in; empty: ~/.pioreactor/hardware if there is one"`
	HATVersion  string `toml:"hat_version" help:"such as 1.1, when the HAT cannot say it itself; empty: what its EEPROM says"`
}

// DefaultConfig takes the HAT at its word.
func DefaultConfig() Config { return Config{} }

var versionForm = regexp.MustCompile(`^[0-9]\.[0-9]$`)

// Validate checks the form; whether the folder and the version are there is
// for [Look].
func (c Config) Validate() error {
	var errs []error
	if c.HardwareDir != "" && !filepath.IsAbs(c.HardwareDir) {
		errs = append(errs, fmt.Errorf("[pioreactor] hardware_dir: want a whole path from /, got %.60q", c.HardwareDir))
	}
	if c.HATVersion != "" && !versionForm.MatchString(c.HATVersion) {
		errs = append(errs, fmt.Errorf("[pioreactor] hat_version: want two digits with a point between, such as 1.1, got %.60q", c.HATVersion))
	}
	return errors.Join(errs...)
}

// PioreactorDirs are the folders in which Pioreactor's software keeps its
// hardware files, on a machine where it is or was installed: of this user, and
// of Pioreactor's own user.
func PioreactorDirs() []string {
	var dirs []string
	if dot := os.Getenv("DOT_PIOREACTOR"); dot != "" {
		dirs = append(dirs, filepath.Join(dot, "hardware"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".pioreactor", "hardware"))
	}
	return append(dirs, "/home/pioreactor/.pioreactor/hardware")
}

// folder is the one with the files of a person, "" for none. A folder that was
// named must be there; of the others the first that is there counts, and one
// that cannot be looked into is told.
func (l *look) folder() (string, error) {
	const what = "hardware files"
	if dir := l.o.HardwareDir; dir != "" {
		if err := isFolder(dir); err != nil {
			err = fmt.Errorf("[pioreactor] hardware_dir: %w", err)
			l.found.bad(what, err.Error(), "a folder that can be read", "mend the path or its permissions, or leave it empty")
			return "", err
		}
		return dir, nil
	}
	for _, dir := range l.o.Dirs {
		switch err := isFolder(dir); {
		case err == nil:
			return dir, nil
		case !errors.Is(err, os.ErrNotExist):
			l.found.warn(what, err.Error()+": passed over", "a folder that can be read", "let this user read it, or name another folder as hardware_dir in [pioreactor]")
		}
	}
	return "", nil
}

func isFolder(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	return err
}
