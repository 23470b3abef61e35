package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// variants of the unit, each a golden file.
var variants = map[string]struct {
	opts    Options
	systemd int
}{
	"default": {Options{User: "pioactor", DataDir: "/var/lib/pioactor"}, 252},
	"growing": {Options{User: "pioactor", DataDir: "/var/lib/pioactor", Config: "/etc/pioactor/config.toml"}, 257},
	"home":    {Options{User: "pi", DataDir: "/mnt/disk/culture", Config: "/home/pi/config.toml"}, 252},
}

func TestUnitIsAsInTheGoldens(t *testing.T) {
	for name, v := range variants {
		text, err := v.opts.service(v.systemd).render()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".service", string(text))
	}
}

// Newer keys are only warnings to an older systemd: any word it says of ours is
// a failure, except that the program is not there.
func TestSystemdAcceptsTheUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("left out: systemd's own verdict on the unit (no systemd-analyze here)")
	}
	for _, name := range []string{"default", "home"} {
		v := variants[name]
		s := v.opts.service(v.systemd)
		if s.Program, err = os.Executable(); err != nil {
			t.Fatal(err)
		}
		text, err := s.render()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), unitName)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "verify", "--man=no", file).CombinedOutput()
		if err != nil || strings.Contains(string(out), "pioactor") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// What the safety of a culture hangs on, each with its reason in the template.
func TestUnitKeepsItsPromises(t *testing.T) {
	text, err := variants["default"].opts.service(252).render()
	if err != nil {
		t.Fatal(err)
	}
	unit := strings.Split(string(text), "\n")
	for _, want := range []string{"Type=notify", "KillMode=mixed", "FinalKillSignal=SIGQUIT", "OOMPolicy=continue", "Restart=always", "StartLimitIntervalSec=0",
		"ExecStopPost=/usr/local/bin/pioactor make-safe --data-dir /var/lib/pioactor", "TimeoutStopSec=20s", "SupplementaryGroups=i2c gpio"} {
		if !slices.Contains(unit, want) {
			t.Errorf("the unit lacks %s", want)
		}
	}
	for _, line := range unit {
		key, value, _ := strings.Cut(line, "=")
		if slices.Contains([]string{"After", "Wants", "Requires", "BindsTo"}, key) {
			t.Errorf("the culture waits: %s", line)
		}
		if (key == "ProtectKernelTunables" || key == "PrivateDevices") && value == "yes" {
			t.Errorf("the hardware is hidden: %s", line)
		}
	}
}

func TestSystemdIsFoundByItsLibrary(t *testing.T) {
	for want, names := range map[int][]string{
		0:   {"usr/lib/systemd/systemd", "usr/lib/systemd/libsystemd-shared-new.so"},
		252: {"usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-252.so"},
		257: {"usr/lib/systemd/libsystemd-shared-257.9-1.so", "usr/lib/arm-linux-gnueabihf/systemd/libsystemd-shared-252.so"},
	} {
		fsys := fstest.MapFS{}
		for _, n := range names {
			fsys[n] = &fstest.MapFile{}
		}
		if got := systemdVersion(fsys); got != want {
			t.Errorf("%q: systemd %d, want %d", names, got, want)
		}
	}
}

func TestBootNeeds(t *testing.T) {
	for name, c := range map[string]struct{ text, missing, conflict string }{
		"nothing yet":            {"", i2cLine + " " + pwmLine, ""},
		"all there":              {i2cLine + "\n" + pwmLine + "\n", "", ""},
		"by another name":        {"dtparam=i2c=on,spi=on\r\n" + pwmLine + "\r\n", "", ""},
		"a name alone":           {"dtparam=i2c_arm\n" + pwmLine, "", ""},
		"commented out":          {"#" + i2cLine + "\n# " + pwmLine, i2cLine + " " + pwmLine, ""},
		"a later one wins":       {i2cLine + "\n" + pwmLine + "\ndtparam=i2c_arm=off\n", i2cLine, ""},
		"for another Pi":         {pwmLine + "\n[pi3]\n" + i2cLine + "\n", i2cLine, ""},
		"for all again":          {pwmLine + "\n[pi3]\n[all]\n" + i2cLine + "\n", "", ""},
		"sound on the same PWM":  {i2cLine + "\n" + pwmLine + "\ndtparam=audio=on\n", audioLine, ""},
		"PWM on other pins":      {i2cLine + "\ndtoverlay=pwm,pin=18,func=2\n", "", "dtoverlay=pwm,pin=18,func=2"},
		"an overlay of its kind": {i2cLine + "\ndtoverlay=pwm-ir-tx,gpio_pin=18\n", pwmLine, ""},
	} {
		missing, conflicts := bootNeeds(c.text)
		if got := strings.Join(missing, " "); got != c.missing {
			t.Errorf("%s: lacks %q, want %q", name, got, c.missing)
		}
		if got := strings.Join(conflicts, ""); !strings.Contains(got, c.conflict) || c.conflict == "" && got != "" {
			t.Errorf("%s: conflicts %q, want %q", name, got, c.conflict)
		}
		if len(missing) > 0 {
			if left, _ := bootNeeds(withLines(c.text, missing)); len(left) > 0 {
				t.Errorf("%s: with its lines it still lacks %q", name, left)
			}
		}
	}
}

func TestModulesAreFoundUnderBothSpellings(t *testing.T) {
	for text, want := range map[string]bool{"i2c-dev\n": true, "spi\n i2c_dev \n": true, "#i2c-dev\n": false, "i2c-dev-x": false} {
		if got := loadsModule(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestDiffIsAsDiffPrintsIt(t *testing.T) {
	tool, err := exec.LookPath("diff")
	if err != nil {
		t.Skip("left out: comparing with diff -u (not installed)")
	}
	many := strings.Split(strings.Repeat("abcdefghij", 4), "")
	edited := slices.Clone(many)
	edited[1], edited[30] = "X", "Y\nZ"
	dir := t.TempDir()
	for name, c := range map[string][2]string{
		"new": {"", "a\nb\n"}, "gone": {"a\nb\n", ""}, "end": {"a\nb", "a\nb\n"}, "far apart": {strings.Join(many, "\n") + "\n", strings.Join(edited, "\n") + "\n"},
		"near": {"1\n2\n3\n4\n5\n6\n7\n8\n", "1\nX\n3\n4\n5\n6\n7\nY\n"}, "appended": {"1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n6\n"},
	} {
		for i, text := range c {
			if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(tool, "-u", "--label", "A", "--label", "B", "a", "b")
		cmd.Dir = dir
		want, err := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); code != 1 {
			t.Fatalf("diff: %v", err)
		}
		// diff leaves out a count of 1.
		normal := strings.NewReplacer("@@ -1 ", "@@ -1,1 ", " +1 @@", " +1,1 @@").Replace(string(want))
		if got := unified("A", "B", c[0], c[1]); got != normal {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, normal)
		}
	}
	if unified("A", "B", "same\n", "same\n") != "" {
		t.Error("equal texts differ")
	}
}
