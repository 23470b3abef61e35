package calibration

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Library is a folder of files <device>/<name>.yaml, as Pioreactor keeps its
// calibrations and its estimators. Its methods read and write the disk and are
// safe from several goroutines as long as one writes.
type Library struct{ root string }

// NewLibrary is the library in folder root, which need not exist yet.
func NewLibrary(root string) *Library { return &Library{root} }

// File is where the text of name on device is kept.
func (l *Library) File(device, name string) string {
	return filepath.Join(l.root, device, name+extension)
}

const (
	extension = ".yaml"
	halfDone  = ".new-" // a file being written; never one that is listed
)

// Item is one file of a library.
type Item struct {
	Device, Name string
	Text         []byte // nil with Err
	Err          error  // why it could not be read
}

// All is every file, by device and name. Files that cannot be read are listed
// with the reason; a library that is not there yet is empty.
func (l *Library) All() ([]Item, error) {
	files, err := filepath.Glob(filepath.Join(globbed(l.root), "*", "*"+extension))
	if err != nil {
		return nil, fmt.Errorf("calibration: list %s: %w", l.root, err)
	}
	if _, err := os.ReadDir(l.root); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("calibration: list: %w", err)
	}
	slices.Sort(files)
	var all []Item
	for _, file := range files {
		it := Item{Device: filepath.Base(filepath.Dir(file)), Name: strings.TrimSuffix(filepath.Base(file), extension)}
		if errors.Join(CheckName("device", it.Device), CheckName("name", it.Name)) != nil {
			continue // not ours: no command could name it
		}
		it.Text, it.Err = l.Read(it.Device, it.Name)
		all = append(all, it)
	}
	return all, nil
}

// globbed is a path in which nothing is a pattern.
func globbed(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

// Read is the text of name on device; fs.ErrNotExist when there is none.
func (l *Library) Read(device, name string) ([]byte, error) {
	if err := errors.Join(CheckName("device", device), CheckName("name", name)); err != nil {
		return nil, err
	}
	f, err := os.Open(l.File(device, name))
	if err != nil {
		return nil, fmt.Errorf("calibration: read: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1)) // one more, so that Parse sees it is too long
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("calibration: read: %w", err)
	}
	return text, nil
}

// Write keeps text as name on device, whole and on the disk, or not at all. A
// file that is there already is not replaced: fs.ErrExist.
func (l *Library) Write(device, name string, text []byte) error {
	if err := errors.Join(CheckName("device", device), CheckName("name", name)); err != nil {
		return err
	}
	file := l.File(device, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("calibration: write: %w", err)
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("calibration: write %s: %w", file, fs.ErrExist)
	}
	if err := replace(file, text); err != nil {
		return fmt.Errorf("calibration: write: %w", err)
	}
	return nil
}

// replace writes a file beside, flushes it, renames it and flushes the folder.
func replace(file string, text []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(file), halfDone+"*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncFolder(filepath.Dir(file))
}

func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Delete removes name from device; fs.ErrNotExist when there is none.
func (l *Library) Delete(device, name string) error {
	if err := errors.Join(CheckName("device", device), CheckName("name", name)); err != nil {
		return err
	}
	if err := os.Remove(l.File(device, name)); err != nil {
		return fmt.Errorf("calibration: delete: %w", err)
	}
	return syncFolder(filepath.Join(l.root, device))
}
