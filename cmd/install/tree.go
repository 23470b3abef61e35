package install

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// tree is the file system that is installed into. os.Root keeps a link in an
// image from leading out of it.
type tree struct{ *os.Root }

// state is a file as it is: its text, mode and owner.
type state struct {
	Exists   bool
	Text     []byte
	Mode     fs.FileMode
	UID, GID int
}

func (s state) sum() string {
	if !s.Exists {
		return ""
	}
	return sum(s.Text)
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// rel is an absolute path as os.Root wants it.
func rel(p string) string {
	if p = strings.TrimPrefix(path.Clean(p), "/"); p != "" {
		return p
	}
	return "."
}

// look reads a file; one that is not there is no error, a link is.
func (t tree) look(p string) (state, error) {
	info, err := t.Lstat(rel(p))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return state{UID: os.Geteuid(), GID: os.Getegid()}, nil
	case err != nil:
		return state{}, fmt.Errorf("install: %w", err)
	case !info.Mode().IsRegular():
		return state{}, fmt.Errorf("install: %s is no plain file (a link? masked?); look at it and remove it first", p)
	}
	s := state{Exists: true, Mode: info.Mode().Perm()}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		s.UID, s.GID = int(owner.Uid), int(owner.Gid)
	}
	if s.Text, err = t.ReadFile(rel(p)); err != nil {
		return state{}, fmt.Errorf("install: %w", err)
	}
	return s, nil
}

// text reads a file that may be missing: then it is empty.
func (t tree) text(p string) (string, error) {
	s, err := t.look(p)
	return string(s.Text), err
}

func (t tree) exists(p string) bool {
	_, err := t.Lstat(rel(p))
	return err == nil
}

// put makes a file be as s says, all or nothing, and durable.
func (t tree) put(p string, s state) error {
	name := rel(p)
	if !s.Exists {
		if err := t.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("install: %w", err)
		}
		return t.settle(path.Dir(name))
	}
	if err := t.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	fresh := path.Join(path.Dir(name), ".pioactor-new-"+path.Base(name))
	if err := errors.Join(t.fill(fresh, s), t.settle(path.Dir(name))); err != nil {
		return errors.Join(err, t.discard(fresh))
	}
	if err := t.Rename(fresh, name); err != nil {
		return errors.Join(fmt.Errorf("install: %w", err), t.discard(fresh))
	}
	return t.settle(path.Dir(name))
}

// fill writes a new file and waits for the disk. The boot partition has neither
// modes nor owners to set, so they are set only where they differ.
func (t tree) fill(name string, s state) (err error) {
	if err := t.discard(name); err != nil {
		return err
	}
	f, err := t.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, s.Mode)
	if err != nil {
		return fmt.Errorf("install: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(s.Text); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("install: %w", err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && (int(owner.Uid) != s.UID || int(owner.Gid) != s.GID) {
		if err := f.Chown(s.UID, s.GID); err != nil {
			return fmt.Errorf("install: %w", err)
		}
	}
	if info.Mode().Perm() != s.Mode {
		if err := f.Chmod(s.Mode); err != nil {
			return fmt.Errorf("install: %w", err)
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return nil
}

// discard removes what an interrupted installation left.
func (t tree) discard(name string) error {
	if err := t.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("install: %w", err)
	}
	return nil
}

// settle makes what happened in a folder durable.
func (t tree) settle(dir string) error {
	d, err := t.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was there to change
	}
	if err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// missingDirs are the folders that a file at p would need, the outermost first.
func (t tree) missingDirs(p string) (dirs []string) {
	for dir := path.Dir(p); dir != "/" && !t.exists(dir); dir = path.Dir(dir) {
		dirs = append([]string{dir}, dirs...)
	}
	return dirs
}
