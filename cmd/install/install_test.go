package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayBeLive skips where root alone may go on.
func mayBeLive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("left out: installing on a running system (needs root)")
	}
}

func TestInstallsOnceAndUndoesExactly(t *testing.T) {
	for name, live := range map[string]bool{"a running Pi": true, "an image": false} {
		t.Run(name, func(t *testing.T) {
			if live {
				mayBeLive(t)
			}
			p := newPi(t)
			p.opts.Boot = true
			before := p.snapshot()
			in := p.open(live)
			plan := p.apply(in)
			ran := strings.Join(p.ran, "\n") + "\n"
			after := p.snapshot()
			again := p.apply(in)
			if !again.Empty() || !strings.Contains(again.String(), "nothing to do") {
				t.Errorf("a second run would do %s", again)
			}
			same(t, p.snapshot(), after)
			undone := p.undo(in)
			same(t, p.snapshot(), before)
			if _, err := in.PlanUndo(); err != ErrNotInstalled {
				t.Errorf("undo again: %v, want %v", err, ErrNotInstalled)
			}
			kind := map[bool]string{true: "live", false: "image"}[live]
			golden(t, kind+".plan", strings.ReplaceAll(plan.String(), p.dir, "ROOT"))
			golden(t, kind+".undo", strings.ReplaceAll(undone.String(), p.dir, "ROOT"))
			golden(t, kind+".commands", ran+"# undone\n"+strings.Join(p.ran[strings.Count(ran, "\n"):], "\n")+"\n")
		})
	}
}

func TestLookingChangesNothing(t *testing.T) {
	p := newPi(t)
	before := p.snapshot()
	if _, err := p.open(true).Plan(); err != nil {
		t.Fatal(err)
	}
	same(t, p.snapshot(), before)
	if len(p.ran) > 0 {
		t.Errorf("ran %q to look", p.ran)
	}
}

func TestAFailureTakesBackEverything(t *testing.T) {
	mayBeLive(t)
	for failAt := 1; failAt <= 7; failAt++ { // two groupadd, useradd, three of reload, enable
		p := newPi(t)
		p.opts.Boot, p.failAt = true, failAt
		p.write("etc/systemd/system/pioactor.service", "somebody's own\n")
		before := p.snapshot()
		in := p.open(true)
		plan, err := in.Plan()
		if err != nil {
			t.Fatal(err)
		}
		err = in.Apply(t.Context(), plan)
		if err == nil || !strings.Contains(err.Error(), "no luck; everything is as it was before") {
			t.Errorf("command %d of %d fails: %v", failAt, len(plan.Commands), err)
		}
		same(t, p.snapshot(), before)
		p.failAt = 0
		p.apply(in)
		p.undo(in)
		same(t, p.snapshot(), before)
	}
}

func TestAFileThatCannotBeWrittenTakesBackEverything(t *testing.T) {
	p := newPi(t)
	in := p.open(false)
	plan, err := in.Plan()
	if err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(p.dir, rulesPath)
	p.sly = func(command string) { // a folder turns up in the place of the second file
		if command == "groupadd" {
			p.write(rulesPath+"/x", "")
		}
	}
	if err = in.Apply(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "60-pioactor.rules") {
		t.Fatalf("got %v, want a failure at the rules", err)
	}
	if p.sly = nil; in.tree.exists(programPath) || in.tree.exists(unitPath) {
		t.Error("what was written before and after the failure is left")
	}
	if err := os.RemoveAll(rules); err != nil {
		t.Fatal(err)
	}
	p.apply(in)
}

func TestAnInterruptedInstallationCanBeUndone(t *testing.T) {
	p := newPi(t)
	before := p.snapshot()
	in := p.open(false)
	plan, err := in.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if err := in.prepare(plan); err != nil {
		t.Fatal(err)
	}
	if err := in.tree.put(plan.Files[0].Path, plan.Files[0].after); err != nil { // and then the power fails
		t.Fatal(err)
	}
	p.undo(p.open(false))
	same(t, p.snapshot(), before)
}

func TestAnEditSurvives(t *testing.T) {
	p := newPi(t)
	p.write("etc/udev/rules.d/60-pioactor.rules", "from before\n")
	in := p.open(false)
	p.apply(in)
	p.write("etc/systemd/system/pioactor.service", "edited\n")
	p.write(programPath, "rebuilt")
	p.opts.Config = "/etc/pioactor.toml"
	plan := p.apply(p.open(false))
	if len(plan.Left) != 2 || !strings.HasPrefix(plan.Left[1], unitPath+", changed by somebody") {
		t.Errorf("left alone %q", plan.Left)
	}
	undone := p.undo(in)
	if len(undone.Left) != 2 || p.read("etc/systemd/system/pioactor.service") != "edited\n" || p.read(programPath) != "rebuilt" {
		t.Errorf("left alone %q", undone.Left)
	}
	if got := p.read("etc/udev/rules.d/60-pioactor.rules"); got != "from before\n" {
		t.Errorf("the rules are %q after all", got)
	}
}

func TestAnUpdateUndoesToTheBeginning(t *testing.T) {
	p := newPi(t)
	before := p.snapshot()
	p.apply(p.open(false))
	if err := os.WriteFile(p.opts.Program, []byte("a newer program"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.opts.Config = "/etc/pioactor.toml"
	in := p.open(false)
	plan := p.apply(in)
	if len(plan.Files) != 2 || !strings.Contains(plan.Files[1].Diff, "\n+ExecStart=/usr/local/bin/pioactor up --config /etc/pioactor.toml --data-dir /var/lib/pioactor\n") {
		t.Errorf("the update is %s", plan)
	}
	p.undo(in)
	same(t, p.snapshot(), before)
}

func TestAccountsInUseStay(t *testing.T) {
	p := newPi(t)
	in := p.open(false)
	p.apply(in)
	p.write("var/lib/pioactor/state", "")
	p.write("etc/group", strings.Replace(p.read("etc/group"), "gpio:x:997:", "gpio:x:997:ada", 1))
	left := p.undo(in).Left
	if len(left) != 3 || !strings.HasPrefix(left[0], "user pioactor,") || left[1] != "group gpio, of which ada is a member" || left[2] != "group pioactor, of user pioactor" {
		t.Errorf("left alone %q", left)
	}
}

func TestWhatWasShownIsWhatIsDone(t *testing.T) {
	p := newPi(t)
	in := p.open(false)
	plan, err := in.Plan()
	if err != nil {
		t.Fatal(err)
	}
	p.write("etc/systemd/system/pioactor.service", "meanwhile\n")
	if err := in.Apply(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "just been changed") {
		t.Errorf("got %v, want a refusal", err)
	}
	if p.read("etc/systemd/system/pioactor.service") != "meanwhile\n" || len(p.ran) > 0 {
		t.Error("it was done all the same")
	}
}

func TestALinkIsNotFollowed(t *testing.T) {
	p := newPi(t)
	if err := os.Symlink("/dev/null", filepath.Join(p.dir, unitPath)); err != nil { // systemctl mask
		t.Fatal(err)
	}
	if _, err := p.open(false).Plan(); err == nil || !strings.Contains(err.Error(), "masked?") {
		t.Errorf("got %v, want to hear of the mask", err)
	}
}

func TestRivalsAreNamed(t *testing.T) {
	p := newPi(t)
	p.write("etc/systemd/system/multi-user.target.wants/pioreactor_startup_run@monitor.service", "")
	for pid, comm := range map[string]string{"41": "pioactor", "42": "pio", "43": "sshd"} {
		p.write("proc/"+pid+"/comm", comm+"\n")
		p.write("proc/"+pid+"/cmdline", "python3\x00/usr/local/bin/"+comm+"\x00run\x00od_reading\x00")
		p.write("proc/"+pid+"/fd/.keep", "")
		for n, target := range []string{"/dev/i2c-1", "anon_inode:gpio-line", "/dev/i2c-1"} {
			if pid == "43" {
				target = "/dev/null"
			}
			if err := os.Symlink(target, filepath.Join(p.dir, "proc", pid, "fd", string(rune('0'+n)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	plan, err := p.open(false).Plan()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Pioreactor's own software starts here too (pioreactor_startup_run@monitor.service)",
		"process 42 (python3 /usr/local/bin/pio run od_reading) holds /dev/i2c-1, anon_inode:gpio-line: stop it",
	}
	got := plan.Notices[len(plan.Notices)-2:]
	if !slices.EqualFunc(got, want, strings.HasPrefix) || strings.Contains(plan.String(), "process 41") || strings.Contains(plan.String(), "process 43") {
		t.Errorf("notices are %q", plan.Notices)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	good := Options{Prefix: "/", User: "pioactor", DataDir: "/var/lib/pioactor"}
	for want, change := range map[string]func(*Options){
		`--user: want small letters, digits, _ and -, got "A b"`:                                                         func(o *Options) { o.User = "A b" },
		`--user: pioactor needs no root; name another user`:                                                              func(o *Options) { o.User = "root" },
		`--prefix: want an absolute path, got "image"`:                                                                   func(o *Options) { o.Prefix = "image" },
		`--config: want an absolute path of letters, digits and ._+@-, got "/etc/a b.toml"`:                              func(o *Options) { o.Config = "/etc/a b.toml" },
		`--config: want an absolute path of letters, digits and ._+@-, got "/etc/100%n"`:                                 func(o *Options) { o.Config = "/etc/100%n" },
		`--data-dir: want an absolute path of letters, digits and ._+@-, got "state"`:                                    func(o *Options) { o.DataDir = "state" },
		`--data-dir: /tmp/x is below /tmp, which is emptied at a restart or hidden from a service; choose another place`: func(o *Options) { o.DataDir = "/tmp/x" },
		`--data-dir: /var/lib overlaps with /var/lib/pioactor-install, which root alone may write; choose another place`: func(o *Options) { o.DataDir = "/var/lib" },
	} {
		o := good
		change(&o)
		if err := o.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	empty := good
	if empty.Prefix = t.TempDir(); true {
		if _, err := Open(empty, Exec); err == nil || !strings.Contains(err.Error(), "no etc/passwd") {
			t.Errorf("an empty folder: %v", err)
		}
	}
}

func TestExecTellsWhatACommandPrinted(t *testing.T) {
	if err := Exec(t.Context(), "sh", "-c", "echo too bad; exit 3"); err == nil || !strings.HasSuffix(err.Error(), "exit status 3: too bad") {
		t.Errorf("got %v", err)
	}
	if err := Exec(t.Context(), "true"); err != nil {
		t.Error(err)
	}
}
