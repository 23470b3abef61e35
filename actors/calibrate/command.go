package calibrate

import (
	"errors"
	"io/fs"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/calibration"
)

// mostWaiting commands are kept while one is under way.
const mostWaiting = 100

// command checks what can be checked at once and queues the rest.
func (k *keeper) command(c *actors.Context, cmd actors.Command) error {
	t, err := k.task(cmd.Body)
	if err != nil {
		return err
	}
	if len(k.queue) >= mostWaiting {
		return refuse("busy", "%d commands wait already; try again", len(k.queue))
	}
	t.peer = c.Later(cmd)
	if k.queue = append(k.queue, t); len(k.queue) == 1 {
		k.next(c)
	}
	return nil
}

// task is what a command comes to.
func (k *keeper) task(body any) (task, error) {
	switch b := body.(type) {
	case actors.ListCalibrations:
		return k.list(b)
	case actors.ShowCalibration:
		return k.at(b.Shelf, b.Device, b.Name, k.show)
	case actors.ImportCalibration:
		if len(b.YAML) > calibration.MaxBytes {
			return task{}, refuse("too_long", "yaml has %d bytes, at most %d are taken", len(b.YAML), calibration.MaxBytes)
		}
		return k.at(b.Shelf, b.Device, "import", func(s shelf, at place, _ string) task { return k.add(s, at, b.YAML) })
	case actors.UseCalibration:
		return k.at(b.Shelf, b.Device, b.Name, k.use)
	case actors.UnuseCalibration:
		return k.at(b.Shelf, b.Device, "none", k.unuse)
	case actors.DeleteCalibration:
		return k.at(b.Shelf, b.Device, b.Name, k.remove)
	}
	return task{}, actors.Refuse("unknown_command", "calibrations: cannot %T", body)
}

// at checks the address of a command before it becomes a task.
func (k *keeper) at(shelfName, device, name string, make func(shelf, place, string) task) (task, error) {
	s, ok := k.shelves[shelfName]
	if !ok {
		return task{}, refuse("invalid", "shelf: want %s or %s, got %.40q", actors.Calibrations, actors.Estimators, shelfName)
	}
	if err := errors.Join(calibration.CheckName("device", device), calibration.CheckName("name", name)); err != nil {
		return task{}, refuse("invalid", "%v", err)
	}
	return make(s, place{shelfName, device}, name), nil
}

func (k *keeper) list(b actors.ListCalibrations) (task, error) {
	device := b.Device
	if device == "" {
		device = "all" // any word that is a device
	}
	return k.at(b.Shelf, device, "all", func(s shelf, _ place, _ string) task {
		return task{
			work: func() (any, error) { return s.list(b.Shelf, b.Device) },
			then: func(c *actors.Context, found any) {
				files := []actors.CalibrationFile{}
				for _, l := range found.([]loaded) {
					files = append(files, l.file(k.active[l.at] == l.name))
				}
				k.answer(c, files, nil)
			},
		}
	})
}

// show is one file as it is, broken or not.
func (k *keeper) show(s shelf, at place, name string) task {
	return task{
		work: func() (any, error) { return known(s.load(at, name)) },
		then: func(c *actors.Context, found any) {
			l := found.(loaded)
			f := l.file(k.active[at] == name)
			f.YAML = string(l.text)
			k.answer(c, f, nil)
		},
	}
}

// known refuses a file that is not there.
func known(l loaded) (loaded, error) {
	if errors.Is(l.err, fs.ErrNotExist) {
		return l, unknown(l.at, l.name)
	}
	return l, nil
}

func unknown(at place, name string) error {
	return refuse("unknown_calibration", "%s has no %q in %s; see `pioactor %s list`", at.device, name, at.shelf, at.shelf)
}

func (k *keeper) add(s shelf, at place, text string) task {
	return task{
		work: func() (any, error) { return s.add(at, []byte(text)) },
		then: func(c *actors.Context, found any) {
			l := found.(loaded)
			c.Log().Notice("Added %s to the %s of %s.", l.name, at.shelf, at.device)
			k.answer(c, l.file(false), nil)
		},
	}
}

func (k *keeper) use(s shelf, at place, name string) task {
	return task{
		work: func() (any, error) {
			l, err := known(s.load(at, name))
			if err == nil && l.err != nil {
				err = refuse("invalid", "%v", l.err)
			}
			return l, err
		},
		then: func(c *actors.Context, found any) {
			l := found.(loaded)
			k.activate(c, l, l.file(true))
		},
	}
}

func (k *keeper) unuse(_ shelf, at place, _ string) task {
	return task{
		check: func() error {
			if k.active[at] == "" {
				return refuse("not_active", "%s has no active file in %s", at.device, at.shelf)
			}
			return nil
		},
		then: func(c *actors.Context, _ any) { k.activate(c, loaded{at: at}, nil) },
	}
}

func (k *keeper) remove(s shelf, at place, name string) task {
	return task{
		check: func() error {
			if k.active[at] == name {
				return refuse("active", "%s is the active one of %s: first `pioactor %s unuse %s`, or use another", name, at.device, at.shelf, at.device)
			}
			return nil
		},
		work: func() (any, error) {
			err := s.files.Delete(at.device, name)
			if errors.Is(err, fs.ErrNotExist) {
				err = unknown(at, name)
			}
			return nil, err
		},
		then: func(c *actors.Context, _ any) {
			c.Log().Notice("Deleted %s from the %s of %s.", name, at.shelf, at.device)
			k.answer(c, nil, nil)
		},
	}
}
