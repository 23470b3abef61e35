package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// image is a Pi's file system in a folder, where no account and no link is
// missing: so no command runs.
func image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/:\npioactor:x:9:9::/:\n", "etc/group": "gpio:x:8:\ni2c:x:7:\n",
		"etc/systemd/system/multi-user.target.wants/pioactor.service": "", "boot/config.txt": "arm_64bit=1\n",
		"etc/bad.toml": "[unit]\nmodel = \"bucket\"\n", "etc/pioactor.toml": "[unit]\ndata_dir = \"/srv/culture\"\n",
	} {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// answering calls the command line with somebody at the keyboard.
func answering(answer string, args ...string) said {
	var out, errs bytes.Buffer
	code := executeFrom(context.Background(), strings.NewReader(answer), args, &out, &errs)
	return said{code: code, out: out.String(), errs: errs.String()}
}

func TestServiceIsInstalledWhenSomebodyAgrees(t *testing.T) {
	dir := image(t)
	unit := filepath.Join(dir, "etc/systemd/system/pioactor.service")
	install := []string{"install-service", "--prefix", dir, "--config", "/etc/pioactor.toml", "--boot"}
	for _, answer := range []string{"", "n\n", "\n"} {
		if got := answering(answer, install...); got.code != exitFailed || !strings.Contains(got.errs, "nothing was changed; answer y") {
			t.Errorf("answer %q: code %d, %s", answer, got.code, got.errs)
		}
	}
	if _, err := os.Stat(unit); err == nil {
		t.Fatal("installed without a yes")
	}
	got := answering("yes\n", install...)
	if got.code != exitDone || !strings.Contains(got.out, "+ReadWritePaths=/srv/culture\n") || !strings.Contains(got.out, "pioactor status --data-dir /srv/culture`") {
		t.Errorf("code %d, %s%s", got.code, got.out, got.errs)
	}
	if got := answering("", install...); got.code != exitDone || !strings.Contains(got.out, "nothing to do") {
		t.Errorf("again: code %d, %s%s", got.code, got.out, got.errs)
	}
	if got := answering("", "install-service", "--prefix", dir, "--undo", "--yes", "--json"); got.code != exitDone || !strings.Contains(got.out, `"path":"/etc/systemd/system/pioactor.service"`) {
		t.Errorf("undo: code %d, %s%s", got.code, got.out, got.errs)
	}
	if _, err := os.Stat(unit); err == nil {
		t.Error("the unit is still there")
	}
	if got := answering("", "install-service", "--prefix", dir, "--undo", "--yes"); got.code != exitFailed || !strings.Contains(got.errs, "nothing was installed here") {
		t.Errorf("undo again: code %d, %s", got.code, got.errs)
	}
}

func TestDryRunShowsAndDoesNothing(t *testing.T) {
	dir := image(t)
	got := answering("", "install-service", "--prefix", dir, "--dry-run", "--json")
	var plan struct {
		Files   []struct{ Path, Diff string }
		Notices []string
	}
	if err := json.Unmarshal([]byte(got.out), &plan); err != nil || got.code != exitDone {
		t.Fatalf("code %d, %v: %s", got.code, err, got.errs)
	}
	if len(plan.Files) != 3 || !strings.Contains(strings.Join(plan.Notices, "\n"), "/boot/config.txt lacks dtparam=i2c_arm=on and dtoverlay=pwm-2chan") {
		t.Errorf("got %+v", plan)
	}
	for _, f := range plan.Files {
		if _, err := os.Stat(filepath.Join(dir, f.Path)); err == nil {
			t.Errorf("%s was written", f.Path)
		}
	}
}

func TestInstallIsCalledWrongly(t *testing.T) {
	dir := image(t)
	for want, args := range map[string][]string{
		"want --yes or --dry-run, not both":            {"--yes", "--dry-run"},
		"with --json nobody can be asked":              {"--json"},
		`--user: want small letters`:                   {"--user", "A B"},
		"--user: pioactor needs no root":               {"--user", "root"},
		`--config: want an absolute path`:              {"--config", "/etc/../etc/pioactor.toml"},
		"--data-dir: /run/x is below /run":             {"--data-dir", "/run/x"},
		"there is no etc/passwd in it":                 {"--prefix", filepath.Join(dir, "boot")},
		`unknown command "now" for "pioactor install-`: {"now"},
	} {
		got := answering("", append([]string{"install-service", "--prefix", dir}, args...)...)
		if got.code != exitUsage || !strings.Contains(got.errs, want) {
			t.Errorf("%q: code %d, %s", args, got.code, got.errs)
		}
	}
	if got := answering("", "install-service", "--prefix", dir, "--config", "/etc/bad.toml", "--yes"); got.code != exitFailed || !strings.Contains(got.errs, "bucket") {
		t.Errorf("a bad config: code %d, %s", got.code, got.errs)
	}
	if got := answering("", "install-service", "--prefix", dir, "--program", filepath.Join(dir, "none"), "--yes"); got.code != exitFailed || !strings.Contains(got.errs, "--program: ") {
		t.Errorf("no program: code %d, %s", got.code, got.errs)
	}
}

func TestOnlyRootInstallsOnThisMachine(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("left out: what somebody without root is told (this is root)")
	}
	got := answering("y\n", "install-service", "--yes")
	if got.code != exitFailed || !strings.Contains(got.errs, "only root may") || !strings.Contains(got.errs, "`sudo ") || !strings.Contains(got.errs, "install-service --yes`") {
		t.Errorf("code %d, %s", got.code, got.errs)
	}
}
