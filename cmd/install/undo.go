package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// ErrNotInstalled is returned by PlanUndo where nothing was installed.
var ErrNotInstalled = errors.New("nothing was installed here by `pioactor install-service`")

// PlanUndo says what Undo would do: every file goes back to what it was before
// the first installation, except those that somebody changed since.
func (in *Installer) PlanUndo() (Plan, error) {
	r, found, err := in.record()
	if err != nil {
		return Plan{}, err
	}
	if !found {
		return Plan{}, ErrNotInstalled
	}
	p := Plan{Files: []Change{}, Commands: [][]string{}, Left: []string{}, Notices: []string{}, old: r}
	if err := in.planLeaving(&p, taskEnable); err != nil {
		return Plan{}, err
	}
	for _, e := range slices.Backward(r.Files) {
		if err := in.planBack(&p, e); err != nil {
			return Plan{}, err
		}
	}
	if len(p.Files) > 0 {
		p.Commands = append(p.Commands, in.reload()...)
	}
	return p, errors.Join(in.planLeaving(&p, taskUser), in.planLeaving(&p, taskGroup))
}

// planBack adds one file.
func (in *Installer) planBack(p *Plan, e entry) error {
	now, err := in.tree.look(e.Path)
	if err != nil {
		return err
	}
	switch {
	case now.sum() == e.Before && (!now.Exists || now.Mode == e.Mode):
		return nil
	case now.sum() != e.After:
		p.Left = append(p.Left, e.Path+", changed or removed by somebody since it was installed")
		return nil
	}
	before := state{}
	if e.Before != "" {
		kept, err := in.tree.look(beforeDir + "/" + e.Before)
		if err != nil {
			return err
		}
		if kept.sum() != e.Before {
			return fmt.Errorf("install: what %s was before is damaged or gone from %s; put it right by hand", e.Path, beforeDir)
		}
		before = state{Exists: true, Text: kept.Text, Mode: e.Mode, UID: e.UID, GID: e.GID}
	}
	diff := unified(e.Path, e.Path, string(now.Text), string(before.Text))
	if e.Path == programPath {
		diff = "program " + e.Path + ": removed\n"
		if before.Exists {
			diff = fmt.Sprintf("program %s: %s, as before\n", e.Path, size(before))
		}
	} else if !before.Exists {
		diff = fmt.Sprintf("%s: removed\n", e.Path)
	}
	p.Files = append(p.Files, Change{e.Path, diff, now, before})
	return nil
}

// planLeaving adds the tasks of one kind that are to be undone.
func (in *Installer) planLeaving(p *Plan, kind string) error {
	for _, t := range p.old.Tasks {
		if t.Kind != kind {
			continue
		}
		done, err := in.done(t)
		if err != nil {
			return err
		}
		why, err := in.needed(t, p.old)
		switch {
		case err != nil:
			return err
		case why != "":
			p.Left = append(p.Left, why)
		case done:
			p.tasks = append(p.tasks, t)
			p.Commands = append(p.Commands, in.undo(t))
		}
	}
	return nil
}

// needed says why an account must stay.
func (in *Installer) needed(t task, r record) (string, error) {
	owner := slices.Contains(r.Tasks, task{taskUser, t.Name}) && in.tree.exists(r.DataDir)
	switch {
	case t.Kind == taskUser && owner:
		return fmt.Sprintf("user %s, who owns the data in %s; `sudo userdel %s` when you have removed it", t.Name, r.DataDir, t.Name), nil
	case t.Kind == taskGroup && owner:
		return fmt.Sprintf("group %s, of user %s", t.Name, t.Name), nil
	case t.Kind == taskGroup:
		members, err := in.members(t.Name)
		if members != "" {
			return fmt.Sprintf("group %s, of which %s is a member", t.Name, members), err
		}
		return "", err
	}
	return "", nil
}

// Undo carries out a plan of PlanUndo. It goes on after a failure, and can be
// called again: the record goes when all is done.
func (in *Installer) Undo(ctx context.Context, p Plan) error {
	if err := errors.Join(in.MayApply(), in.unchanged(p)); err != nil {
		return err
	}
	t := taken{tasks: slices.Clone(p.tasks), read: len(p.Files) > 0}
	slices.Reverse(t.tasks) // takeBack begins with the last
	for _, c := range slices.Backward(p.Files) {
		t.files = append(t.files, Change{Path: c.Path, before: c.after})
	}
	if err := in.takeBack(ctx, t); err != nil {
		return fmt.Errorf("%w; call it again when that is mended", err)
	}
	return in.forget(p.old)
}

// forget removes the record, what was kept, and the folders that were made, if
// nothing else is in them.
func (in *Installer) forget(r record) error {
	if err := in.tree.RemoveAll(rel(recordDir)); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	for _, d := range slices.Backward(r.Dirs) {
		if err := in.removeEmpty(d); err != nil {
			return err
		}
	}
	return in.tree.settle("var/lib")
}

func (in *Installer) removeEmpty(dir string) error {
	f, err := in.tree.Open(rel(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("install: %w", err)
	}
	names, err := f.Readdirnames(-1)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	if len(names) > 0 {
		return nil
	}
	if err := in.tree.Remove(rel(dir)); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return nil
}
