package install

import (
	"fmt"
	"strings"
)

// Plan is what would be done.
type Plan struct {
	Files    []Change   `json:"files"`
	Commands [][]string `json:"commands"`
	Left     []string   `json:"left_alone"` // files that a person changed
	Notices  []string   `json:"notices"`    // what a person should know or do

	tasks []task
	dirs  []string
	old   record
}

// Change is one file.
type Change struct {
	Path string `json:"path"`
	Diff string `json:"diff"` // unified, or one line for a program

	before, after state
}

// Empty reports that there is nothing to do.
func (p Plan) Empty() bool { return len(p.Files) == 0 && len(p.Commands) == 0 }

// String is the plan for people.
func (p Plan) String() string {
	var b strings.Builder
	for _, c := range p.Files {
		b.WriteString(c.Diff + "\n")
	}
	for _, argv := range p.Commands {
		fmt.Fprintf(&b, "run: %s\n", strings.Join(argv, " "))
	}
	for _, l := range p.Left {
		fmt.Fprintf(&b, "left alone: %s\n", l)
	}
	for _, n := range p.Notices {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	if p.Empty() {
		b.WriteString("nothing to do\n")
	}
	return b.String()
}

// hint tells of lines that the boot lacks, unless they are being written.
func (p *Plan) hint(writes bool, at string, missing []string) {
	if !writes {
		p.Notices = append(p.Notices, fmt.Sprintf("%s lacks %s; a HAT needs it: add it, or call this with --boot, which keeps a backup; then restart the Pi",
			at, strings.Join(missing, " and ")))
	}
}

// Plan looks at what there is and says what to do. Anybody may call it.
func (in *Installer) Plan() (Plan, error) {
	p := Plan{Files: []Change{}, Commands: [][]string{}, Left: []string{}, Notices: []string{}}
	var err error
	if p.old, _, err = in.record(); err != nil {
		return Plan{}, err
	}
	wishes, err := in.wishes(&p)
	if err != nil {
		return Plan{}, err
	}
	for _, w := range wishes {
		if err := in.compare(&p, w); err != nil {
			return Plan{}, err
		}
	}
	if err := in.planTasks(&p); err != nil {
		return Plan{}, err
	}
	p.Notices = append(p.Notices, in.advice()...)
	rivals, err := in.rivals()
	p.Notices = append(p.Notices, rivals...)
	return p, err
}

// compare adds a file to the plan if it differs, and if it is ours to write.
func (in *Installer) compare(p *Plan, w wish) error {
	before, err := in.tree.look(w.path)
	if err != nil {
		return err
	}
	if before.Exists && before.sum() == w.after.sum() && before.Mode == w.after.Mode {
		return nil
	}
	if e, known := p.old.entry(w.path); known && !w.shared && before.Exists && before.sum() != e.After && before.sum() != e.Before {
		p.Left = append(p.Left, w.path+", changed by somebody since it was installed; move it away and call this again for a fresh one")
		return nil
	}
	p.Files = append(p.Files, Change{w.path, in.diff(w, before), before, w.after})
	p.dirs = append(p.dirs, in.tree.missingDirs(w.path)...)
	return nil
}

// diff shows a change.
func (in *Installer) diff(w wish, before state) string {
	if w.binary {
		text := fmt.Sprintf("program %s: %s", w.path, size(w.after))
		if before.Exists {
			text += ", instead of " + size(before)
		}
		return text + "\n"
	}
	from := w.path
	if !before.Exists {
		from = "/dev/null"
	}
	text := unified(from, w.path, string(before.Text), string(w.after.Text))
	if before.Exists && before.Mode != w.after.Mode {
		text += fmt.Sprintf("mode of %s: %04o instead of %04o\n", w.path, w.after.Mode, before.Mode)
	}
	return text
}

func size(s state) string {
	return fmt.Sprintf("%.1f MB, sha256 %.12s…", float64(len(s.Text))/1e6, s.sum())
}

// planTasks adds what commands have to do: accounts first, then reading anew what
// changed, then the start at boot.
func (in *Installer) planTasks(p *Plan) error {
	known, err := in.listed("/etc/passwd", in.opts.User)
	if err != nil {
		return err
	}
	wanted := []task{{taskGroup, "gpio"}, {taskGroup, "i2c"}}
	if !known {
		wanted = append(wanted, task{taskGroup, in.opts.User}, task{taskUser, in.opts.User})
	}
	for _, t := range append(wanted, task{taskEnable, unitName}) {
		done, err := in.done(t)
		if err != nil {
			return err
		}
		if !done {
			p.tasks = append(p.tasks, t)
		}
	}
	for _, t := range p.tasks {
		if t.Kind != taskEnable {
			p.Commands = append(p.Commands, in.do(t))
		}
	}
	if len(p.Files) > 0 {
		p.Commands = append(p.Commands, in.reload()...)
	}
	for _, t := range p.tasks {
		if t.Kind == taskEnable {
			p.Commands = append(p.Commands, in.do(t))
		}
	}
	return nil
}

// advice is what only a person can do.
func (in *Installer) advice() (all []string) {
	s := in.opts.service(0)
	if s.State == "" && !in.tree.exists(in.opts.DataDir) {
		all = append(all, fmt.Sprintf("there is no %s; make it before the service starts: `sudo install -d -o %s -m 0700 %s`", in.opts.DataDir, in.opts.User, in.opts.DataDir))
	}
	if in.opts.Config != "" && s.Home != "yes" {
		all = append(all, fmt.Sprintf("%s is in somebody's home; user %s must be able to read it", in.opts.Config, in.opts.User))
	}
	return all
}
