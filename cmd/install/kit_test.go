package install

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// pi is a Pi's file system in a folder, with the commands that change accounts
// and services there.
type pi struct {
	t      *testing.T
	dir    string
	opts   Options
	ran    []string
	failAt int // the command, from 1, that fails
	sly    func(command string)
}

func newPi(t *testing.T) *pi {
	p := &pi{t: t, dir: t.TempDir()}
	p.opts = Options{Prefix: p.dir, User: "pioactor", DataDir: "/var/lib/pioactor", Program: filepath.Join(t.TempDir(), "pioactor")}
	if err := os.WriteFile(p.opts.Program, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
	p.write("etc/group", "root:x:0:\ni2c:x:998:pi\n")
	p.write("etc/systemd/system/multi-user.target.wants/.keep", "")
	p.write("etc/udev/rules.d/99-com.rules", "# of the system\n")
	p.write("usr/local/bin/other", "")
	p.write("var/lib/other", "")
	p.write("etc/modules", "# none\n")
	p.write("boot/firmware/config.txt", "#dtparam=i2c_arm=on\ndtparam=audio=on\n[pi4]\narm_boost=1\n")
	return p
}

func (p *pi) write(name, text string) {
	p.t.Helper()
	name = filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pi) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// snapshot is every file with its mode and text.
func (p *pi) snapshot() map[string]string {
	p.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(p.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			what += " " + string(text)
		}
		all[strings.TrimPrefix(name, p.dir)] = what
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

// same compares two snapshots.
func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is left over", name)
		}
	}
	for name, w := range want {
		if g, ok := got[name]; !ok || g != w {
			t.Errorf("%s is %.200q, want %.200q", name, g, w)
		}
	}
}

// run does to the folder what the command does to a system.
func (p *pi) run(_ context.Context, argv ...string) error {
	line := strings.ReplaceAll(strings.Join(argv, " "), p.dir, "ROOT")
	p.ran = append(p.ran, line)
	if len(p.ran) == p.failAt {
		return fmt.Errorf("`%s`: no luck", line)
	}
	if p.sly != nil {
		p.sly(argv[0])
	}
	name, link := argv[len(argv)-1], filepath.Join(p.dir, enabledPath)
	switch argv[0] {
	case "groupadd":
		p.write("etc/group", p.read("etc/group")+name+":x:997:\n")
	case "groupdel":
		p.write("etc/group", without(p.read("etc/group"), name))
	case "useradd":
		p.write("etc/passwd", p.read("etc/passwd")+name+":x:996:996::/:/usr/sbin/nologin\n")
	case "userdel":
		p.write("etc/passwd", without(p.read("etc/passwd"), name))
		if len(argv) == 2 { // without --prefix it takes the user's group along
			p.write("etc/group", without(p.read("etc/group"), name))
		}
	case "systemctl":
		switch {
		case strings.Contains(line, " enable "):
			return os.Symlink(unitPath, link)
		case strings.Contains(line, " disable "):
			return os.Remove(link)
		}
	}
	return nil
}

func without(text, name string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, name+":") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// open gives an installer; live makes it treat the folder as the running system.
func (p *pi) open(live bool) *Installer {
	p.t.Helper()
	in, err := Open(p.opts, p.run)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := in.Close(); err != nil {
			p.t.Error(err)
		}
	})
	in.live = live
	return in
}

func (p *pi) apply(in *Installer) Plan {
	p.t.Helper()
	plan, err := in.Plan()
	if err == nil {
		err = in.Apply(p.t.Context(), plan)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return plan
}

func (p *pi) undo(in *Installer) Plan {
	p.t.Helper()
	plan, err := in.PlanUndo()
	if err == nil {
		err = in.Undo(p.t.Context(), plan)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return plan
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look, and refresh it with `go test ./cmd/install -update`; got\n%s", file, got)
	}
}
