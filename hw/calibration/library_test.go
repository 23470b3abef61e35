package calibration_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw/calibration"
)

func TestLibraryKeepsWhatItIsGiven(t *testing.T) {
	l := calibration.NewLibrary(filepath.Join(t.TempDir(), "a [b]*", "calibrations"))
	if all, err := l.All(); err != nil || len(all) != 0 {
		t.Fatalf("a new library: %v, %v", all, err)
	}
	if err := l.Write("od90", "c 1", []byte(good)); err != nil {
		t.Fatal(err)
	}
	if err := l.Write("od90", "c 1", []byte("other")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written twice: %v", err)
	}
	all, err := l.All()
	if err != nil || len(all) != 1 || all[0].Device != "od90" || all[0].Name != "c 1" || string(all[0].Text) != good {
		t.Errorf("all = %+v, %v", all, err)
	}
	if err := l.Delete("od90", "c 1"); err != nil {
		t.Error(err)
	}
	if _, err := l.Read("od90", "c 1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read after delete: %v", err)
	}
	if err := l.Delete("od90", "c 1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestLibraryNeverLeavesItsFolder(t *testing.T) {
	l := calibration.NewLibrary(t.TempDir())
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "-a", ".a", "a\n", "a  b", strings.Repeat("a", 251)} {
		_, read := l.Read("od90", name)
		for what, err := range map[string]error{
			"read": read, "write": l.Write("od90", name, nil), "delete": l.Delete("od90", name), "device": l.Write(name, "a", nil),
		} {
			var p *calibration.Problem
			if !errors.As(err, &p) {
				t.Errorf("%s %q: %v, want a rule", what, name, err)
			}
		}
	}
}

func TestLibraryListsWhatItCannotRead(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "od90", "folder.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := calibration.NewLibrary(root).All()
	if err != nil || len(all) != 1 || all[0].Err == nil {
		t.Errorf("all = %+v, %v; want one with its error", all, err)
	}
}

func TestTooLongAFileIsRefused(t *testing.T) {
	l := calibration.NewLibrary(t.TempDir())
	if err := l.Write("od90", "c", []byte(strings.Repeat("# \n", calibration.MaxBytes/3+2))); err != nil {
		t.Fatal(err)
	}
	text, err := l.Read("od90", "c")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := calibration.Parse("c", text); err == nil || !strings.Contains(err.Error(), "at most 1048576 are read") {
		t.Errorf("parse: %v", err)
	}
}
