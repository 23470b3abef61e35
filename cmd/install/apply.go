package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Apply carries out a plan. If a step fails, those before it are taken back and
// the error says so; if that fails too, the record stays and Undo can be tried.
func (in *Installer) Apply(ctx context.Context, p Plan) error {
	if p.Empty() {
		return nil
	}
	if err := errors.Join(in.MayApply(), in.unchanged(p)); err != nil {
		return err
	}
	_, had, err := in.record()
	if err != nil {
		return err
	}
	if err := in.prepare(p); err != nil {
		return err
	}
	steps, failed := in.carry(ctx, p)
	if failed == nil {
		return nil
	}
	back := in.takeBack(context.WithoutCancel(ctx), steps)
	if back == nil && had {
		back = in.keep(p.old)
	} else if back == nil {
		back = in.forget(record{Dirs: p.dirs})
	}
	if back != nil {
		return fmt.Errorf("%w; taking back what was done failed as well: %w; try `pioactor install-service --undo`", failed, back)
	}
	return fmt.Errorf("%w; everything is as it was before", failed)
}

// unchanged makes sure that what was shown is what will be done.
func (in *Installer) unchanged(p Plan) error {
	for _, c := range p.Files {
		now, err := in.tree.look(c.Path)
		if err != nil {
			return err
		}
		if now.sum() != c.before.sum() {
			return fmt.Errorf("install: %s has just been changed by somebody; look at the difference again", c.Path)
		}
	}
	return nil
}

// prepare puts what was there before, and the record, on disk.
func (in *Installer) prepare(p Plan) error {
	for _, c := range p.Files {
		if c.before.Exists {
			if err := in.tree.put(beforeDir+"/"+c.before.sum(), ours(c.before.Text, c.before.Mode&0o644)); err != nil {
				return err
			}
		}
	}
	return in.keep(p.old.noted(p, in.opts.DataDir))
}

// taken are the steps that were begun.
type taken struct {
	files []Change
	tasks []task
	read  bool // the system has read the new files
}

// carry does one step after the other, up to the first that fails.
func (in *Installer) carry(ctx context.Context, p Plan) (taken, error) {
	var t taken
	for _, x := range p.tasks {
		if x.Kind != taskEnable {
			t.tasks = append(t.tasks, x)
			if err := in.run(ctx, in.do(x)...); err != nil {
				return t, err
			}
		}
	}
	for _, c := range p.Files {
		t.files = append(t.files, c)
		if err := in.tree.put(c.Path, c.after); err != nil {
			return t, err
		}
	}
	if len(p.Files) > 0 {
		t.read = true
		if err := in.reread(ctx); err != nil {
			return t, err
		}
	}
	for _, x := range p.tasks {
		if x.Kind == taskEnable {
			t.tasks = append(t.tasks, x)
			if err := in.run(ctx, in.do(x)...); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

func (in *Installer) reread(ctx context.Context) error {
	for _, argv := range in.reload() {
		if err := in.run(ctx, argv...); err != nil {
			return err
		}
	}
	return nil
}

// takeBack undoes steps, the last first, and tries them all.
func (in *Installer) takeBack(ctx context.Context, t taken) error {
	var errs []error
	for _, x := range slices.Backward(t.tasks) {
		if x.Kind == taskEnable {
			errs = append(errs, in.takeBackTask(ctx, x))
		}
	}
	for _, c := range slices.Backward(t.files) {
		errs = append(errs, in.tree.put(c.Path, c.before))
	}
	if t.read {
		errs = append(errs, in.reread(ctx))
	}
	for _, x := range slices.Backward(t.tasks) {
		if x.Kind != taskEnable {
			errs = append(errs, in.takeBackTask(ctx, x))
		}
	}
	return errors.Join(errs...)
}

// takeBackTask undoes a task that took effect.
func (in *Installer) takeBackTask(ctx context.Context, t task) error {
	done, err := in.done(t)
	if err != nil || !done {
		return err
	}
	return in.run(ctx, in.undo(t)...)
}
