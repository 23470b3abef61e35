package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBadConfigIsExplained holds every rule of the config file to its exact
// sentence: testdata/config/NAME.bad.toml is refused with NAME.txt.
func TestBadConfigIsExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.bad.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad configs", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := LoadConfig(file)
			if err == nil {
				t.Fatal("accepted")
			}
			got := strings.ReplaceAll(err.Error(), "testdata/config/", "") + "\n"
			golden := strings.TrimSuffix(file, ".bad.toml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestUnreadableConfigSaysWhatToDo(t *testing.T) {
	_, err := LoadConfig("testdata/config/none.toml")
	if want := "config: open testdata/config/none.toml: no such file or directory; name another with --config"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func FuzzParseConfig(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.bad.toml")
	for _, file := range append(files, "../config.toml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := ParseConfig("config.toml", text)
		if err == nil && cfg.Validate() != nil {
			t.Error("accepted, and not valid")
		}
	})
}
