package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pioactor/pioactor/actors/state"
)

func stores(t *testing.T) map[string]state.Store {
	dir, err := state.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	staged := state.NewStaged(state.NewMemory())
	return map[string]state.Store{"dir": dir, "memory": state.NewMemory(), "staged": staged}
}

func TestStoreKeepsTheNewestValue(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			if _, ok, err := s.Load("vial"); ok || err != nil {
				t.Errorf("load before save: ok %v, %v", ok, err)
			}
			for _, v := range []string{"1", "two", ""} {
				if err := s.Save("od/"+state.Escape("my exp. é"), []byte(v)); err != nil {
					t.Fatal(err)
				}
				got, ok, err := s.Load("od/" + state.Escape("my exp. é"))
				if string(got) != v || !ok || err != nil {
					t.Errorf("load = %q, %v, %v; want %q", got, ok, err, v)
				}
			}
			if err := errors.Join(s.Save("gone", nil), s.Delete("gone"), s.Delete("gone")); err != nil {
				t.Error(err)
			}
			if _, ok, _ := s.Load("gone"); ok {
				t.Error("deleted, and still there")
			}
		})
	}
}

func TestStoreRefusesKeysThatLeaveIt(t *testing.T) {
	for name, s := range stores(t) {
		for _, key := range []string{"", "../x", "a/../../b", "/etc/passwd", "a b", "A\x00", ".hidden"} {
			if err := s.Save(key, nil); err == nil {
				t.Errorf("%s: key %q was accepted", name, key)
			}
		}
	}
}

func TestFailedSaveLeavesTheOldValue(t *testing.T) {
	root := t.TempDir()
	s, err := state.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save("vial", []byte("old")); err != nil {
		t.Fatal(err)
	}
	// A folder in the value's place: the rename must fail.
	if err := os.Mkdir(filepath.Join(root, "ledger.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Save("ledger", []byte("new")); err == nil {
		t.Error("saved over a folder")
	}
	if got, _, _ := s.Load("vial"); string(got) != "old" {
		t.Errorf("vial = %q, want old", got)
	}
	left, _ := filepath.Glob(filepath.Join(root, ".new-*"))
	if len(left) != 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestOpenClearsWhatAPowerCutLeft(t *testing.T) {
	root := t.TempDir()
	stray := filepath.Join(root, ".new-123")
	if err := os.WriteFile(stray, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stray); err == nil {
		t.Error("a half-written file was kept")
	}
}

func TestStagedWritesOnceWhenFlushed(t *testing.T) {
	under := state.NewMemory()
	s := state.NewStaged(under)
	if err := errors.Join(s.Save("a", []byte("1")), s.Save("a", []byte("2"))); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := under.Load("a"); ok {
		t.Error("written before Flush")
	}
	if err := errors.Join(s.Flush(), s.Save("b", []byte("3"))); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a": "2", "b": "3"} {
		if got, _, _ := under.Load(key); string(got) != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}
