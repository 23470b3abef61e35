// Package calibrate is the actor "calibrations": it keeps the calibrations and
// estimators of the unit in Pioreactor's layout, <shelf>/<device>/<name>.yaml,
// and says which of them is in force on each device.
//
// It refuses to fall back silently: a file that breaks a rule is an alarm, and
// its device has no active calibration until somebody decides.
//
//	cal, _, ok := actors.Latest[actors.CalibrationActive](c, "media_pump") // in a job
//	if ok && cal.Name != "" { seconds, err := cal.Calibration.Inverse(ml) }
package calibrate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/calibration"
)

// Name is the actor's address.
const Name = "calibrations"

// stateKey is where the active names are kept.
const stateKey = "calibrations"

// Config says where the files are. A nil shelf is an empty one in memory.
type Config struct {
	Calibrations calibration.Shelf
	Estimators   calibration.Shelf
}

// Spec is the actor's spec for the unit's tree. It comes after the devices,
// whose outputs are safe first, and before the jobs; it is ready when everything
// in force is published.
func Spec(cfg Config) actors.Spec {
	shelves := map[string]shelf{
		actors.Calibrations: {files: cfg.Calibrations, read: readCalibration},
		actors.Estimators:   {files: cfg.Estimators, read: readEstimator},
	}
	for name, s := range shelves {
		if s.files == nil {
			s.files = calibration.NewMemory()
			shelves[name] = s
		}
	}
	return actors.Spec{Name: Name, New: func() actors.Job { return &keeper{shelves: shelves, active: map[place]string{}} }}
}

// place is what can have one active file: a device on a shelf.
type place struct{ shelf, device string }

// entry is one active file, as it is kept.
type entry struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device"`
	Name   string `json:"name"`
}

// keeper does one command after the other: each is work at the edge, then,
// where the active names change, a save, and then the answer.
//
// Takes: ListCalibrations, ShowCalibration, ImportCalibration, UseCalibration,
// UnuseCalibration and DeleteCalibration as commands.
// Sends: CalibrationActive, EstimatorActive; Reply; Alarm when a file in force
// is broken.
// Fails by: kept names that cannot be read. A disk that fails is a refusal.
type keeper struct {
	shelves map[string]shelf
	active  map[place]string
	queue   []task // the first is under way
	saving  func(c *actors.Context, err error)
}

// task is one command.
type task struct {
	peer  actors.Peer
	check func() error                       // before the work; nil: nothing to check
	work  func() (any, error)                // at the edge; nil: nothing to do there
	then  func(c *actors.Context, found any) // ends with answer or activate
}

// done is what came of a task's work.
type done struct {
	found any
	err   error
}

// Receive implements actors.Job.
func (k *keeper) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return k.start(c)
	case opened:
		k.open(c, msg)
	case actors.Command:
		return k.command(c, msg)
	case done:
		k.finish(c, msg)
	case actors.Saved:
		k.saved(c, msg.Err)
	}
	return nil
}

// opened are the files in force at the start.
type opened []loaded

// start reads the active files before anybody may ask for them.
func (k *keeper) start(c *actors.Context) error {
	var kept []entry
	if _, err := c.Load(stateKey, &kept); err != nil {
		return fmt.Errorf("calibrations: %w", err)
	}
	var reads []func() loaded
	for _, e := range kept {
		s, ok := k.shelves[e.Shelf]
		if !ok {
			continue // of a later version
		}
		at := place{e.Shelf, e.Device}
		k.active[at] = e.Name
		reads = append(reads, func() loaded { return s.load(at, e.Name) })
	}
	c.HoldInit()
	c.Do(func() (any, time.Duration) {
		var all opened
		for _, read := range reads {
			all = append(all, read())
		}
		return all, 0
	})
	return nil
}

// open makes known what is in force.
func (k *keeper) open(c *actors.Context, all opened) {
	for _, l := range all {
		k.announce(c, l)
	}
	c.Ready()
}

// announce publishes what is in force at a place, and the alarm of a file that
// should be and cannot.
func (k *keeper) announce(c *actors.Context, l loaded) {
	alarm := fmt.Sprintf("%s_broken_%s", l.at.shelf, l.at.device)
	if l.err != nil {
		c.Raise(alarm, "medium", fmt.Sprintf("%s has no active file of %s: %v. Mend or replace it, or `pioactor %s unuse %s`.",
			l.at.device, l.at.shelf, l.err, l.at.shelf, l.at.device), false)
	} else {
		c.Clear(alarm)
	}
	c.Publish(l.fact())
}

// next begins the first task.
func (k *keeper) next(c *actors.Context) {
	t := k.queue[0]
	if t.check != nil {
		if err := t.check(); err != nil {
			k.answer(c, nil, err)
			return
		}
	}
	if t.work == nil {
		t.then(c, nil)
		return
	}
	c.Do(func() (any, time.Duration) {
		found, err := t.work()
		return done{found, err}, 0
	})
}

// finish goes on with the task whose work is done.
func (k *keeper) finish(c *actors.Context, d done) {
	if d.err != nil {
		k.answer(c, nil, d.err)
		return
	}
	k.queue[0].then(c, d.found)
}

// answer ends the first task and starts the next.
func (k *keeper) answer(c *actors.Context, value any, err error) {
	reply := actors.Reply{OK: true, Value: value}
	if err != nil {
		reply = actors.Reply{Code: codeOf(err), Reason: err.Error()}
	}
	c.AnswerTo(k.queue[0].peer, reply)
	k.queue = k.queue[1:]
	if len(k.queue) > 0 {
		k.next(c)
	}
}

// activate makes l what is in force at its place, once that is on the disk.
func (k *keeper) activate(c *actors.Context, l loaded, answer any) {
	before, had := k.active[l.at]
	k.put(l.at, l.name)
	k.saving = func(c *actors.Context, err error) {
		if err != nil {
			k.put(l.at, "")
			if had {
				k.put(l.at, before)
			}
			no := refuse("not_saved", "%s: cannot be kept, nothing was changed: %v", l.at.device, err)
			k.saving = func(c *actors.Context, _ error) { k.answer(c, nil, no) }
			c.Save(stateKey, k.kept()) // so that a restart of this actor does not take up what was refused
			return
		}
		k.announce(c, l)
		c.Log().Notice("%s: the active file of %s is now %s.", l.at.device, l.at.shelf, cmp.Or(l.name, "none"))
		k.answer(c, answer, nil)
	}
	c.Save(stateKey, k.kept())
}

func (k *keeper) put(at place, name string) {
	if name == "" {
		delete(k.active, at)
	} else {
		k.active[at] = name
	}
}

// kept is the active names in a stable order.
func (k *keeper) kept() []entry {
	all := []entry{}
	for at, name := range maps.All(k.active) {
		all = append(all, entry{at.shelf, at.device, name})
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Shelf, b.Shelf), cmp.Compare(a.Device, b.Device))
	})
	return all
}

func (k *keeper) saved(c *actors.Context, err error) {
	if then := k.saving; then != nil {
		k.saving = nil
		then(c, err)
	}
}
