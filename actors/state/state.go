// Package state keeps the little that must survive a power cut: the vial's
// ledger, a normalization, the jobs that should run. One key is one value,
// written whole, atomically and to the disk, or not at all.
//
// It refuses to be a database: values are small, and there is no query.
//
//	dir, err := state.Open("/var/lib/pioactor/state")
//	err = dir.Save("vial", []byte(`{"version":1}`)) // on the disk when it returns
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Store keeps values by key. Keys are lower-case words joined by - or _ and
// parted by slashes. Implementations are safe for concurrent use. Save blocks
// until the value is safe, so an actor calls it through the clock.
type Store interface {
	// Load returns the value of key; ok is false if it was never saved.
	Load(key string) (value []byte, ok bool, err error)
	// Save replaces the value of key. After an error the old value stands.
	Save(key string, value []byte) error
	// Delete forgets key; an unknown key is no error.
	Delete(key string) error
}

var keyRule = regexp.MustCompile(`^[a-z0-9$%][A-Za-z0-9_$%.-]*(/[A-Za-z0-9_$%.-]+)*$`)

func checkKey(key string) error {
	if !keyRule.MatchString(key) || strings.Contains(key, "..") {
		return fmt.Errorf("state: key %q: want words parted by slashes", key)
	}
	return nil
}

// Escape makes one path part of a key from free text such as an experiment's name.
func Escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

// Dir is a Store in a folder, one file a key.
type Dir struct{ root string }

// Open makes the folder if need be and returns it as a store.
func Open(root string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("state: open: %w", err)
	}
	return &Dir{root}, sweep(root)
}

// sweep removes what a power cut left half written.
func sweep(root string) error {
	return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasPrefix(entry.Name(), temporary) {
			err = os.Remove(name)
		}
		return err
	})
}

const temporary = ".new-"

func (d *Dir) file(key string) string {
	return filepath.Join(d.root, filepath.FromSlash(key)+".json")
}

// Load implements Store.
func (d *Dir) Load(key string) ([]byte, bool, error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	value, err := os.ReadFile(d.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("state: load %s: %w", key, err)
	}
	return value, true, nil
}

// Save implements Store: a temporary file, flushed, renamed over the old one,
// and the folder flushed too, so that a power cut leaves the old or the new.
func (d *Dir) Save(key string, value []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	name := d.file(key)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("state: save %s: %w", key, err)
	}
	if err := replace(name, value); err != nil {
		return fmt.Errorf("state: save %s: %w", key, err)
	}
	return nil
}

func replace(name string, value []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), temporary+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(value)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Delete implements Store.
func (d *Dir) Delete(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := os.Remove(d.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("state: delete %s: %w", key, err)
	}
	return syncDir(filepath.Dir(d.file(key)))
}

var _ Store = (*Dir)(nil)
