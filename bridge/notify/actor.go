// Package notify carries alarms out of the unit: to a web address in the form of
// ntfy, Slack or plain JSON, or to a program. Each raise is told once to each
// target, in order, however long the target cannot be reached and whatever is
// restarted meanwhile; a target that drops keys it has seen gets it exactly once.
//
// It refuses to know what is alarming, and to show addresses and credentials.
//
//	spec, err := notify.Spec(cfg, notify.World()) // the actor "delivery"
package notify

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

const (
	stateKey = "delivery"
	// hold is how long news of an alarm is looked at before it is told: another
	// alarm may explain it, and one that ends with a restart may come back.
	hold = 10 * time.Second
	// review is how often what was told is compared with what is true; the
	// first time is also how long an alarm has to come back after a restart.
	review = 5 * time.Minute
	// Pauses between tries grow from the first to the last, with a fifth of chance.
	firstPause, lastPause = 5 * time.Second, 5 * time.Minute
	// grace before a target that cannot be reached is an alarm itself.
	grace = 10 * time.Minute
)

// Spec is the actor "delivery" for the unit's tree.
func Spec(cfg Config, carrier Carrier) (actors.Spec, error) {
	targets, err := cfg.targets()
	if err != nil {
		return actors.Spec{}, err
	}
	_, outside := carrier.(world)
	return actors.Spec{Name: "delivery", New: func() actors.Job {
		return &deliverer{targets: targets, carrier: carrier, outside: outside}
	}}, nil
}

// deliverer tells every target what it wants to know.
//
// Takes: Alarm facts; TestDelivery as a command.
// Sends: messages through its carrier; the alarms delivery_failing_<target>,
// which that target is not told.
// Fails by: a book that cannot be read. One that cannot be written is an error
// in the log: people are told all the same.
type deliverer struct {
	targets map[string]Target
	carrier Carrier
	outside bool // of which a simulated past knows nothing
	rng     *rand.Rand

	book    book
	saving  int                     // saves under way
	fresh   map[string]actors.Alarm // raised, and not told yet
	looking map[string]bool         // alarms that are told of when hold is over
	lines   map[string]*line
}

// line is the way to one target.
type line struct {
	busy     bool // the head of the queue is on its way, or waits for its next try
	failures int
	since    time.Duration // of the first failure
}

type (
	settle struct{ alarm string }
	try    struct{ target string }
	tried  struct {
		target string
		err    error
	}
)

// Receive implements actors.Job.
func (d *deliverer) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return d.start(c)
	case actors.Alarm:
		d.note(c, msg)
	case settle:
		d.settle(c, msg.alarm)
	case actors.Tick:
		d.review(c)
	case actors.Saved:
		d.saved(c, msg.Err)
	case try:
		d.try(c, msg.target)
	case tried:
		d.tried(c, msg)
	case actors.Command:
		return d.command(c, msg)
	case tested:
		msg.trial.note(c, msg)
	}
	return nil
}

func (d *deliverer) start(c *actors.Context) error {
	d.book = book{}
	if _, err := c.Load(stateKey, &d.book); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if d.book.Told == nil {
		d.book.Told = map[string]Message{}
	}
	queues := map[string][]Message{}
	d.fresh, d.looking, d.lines = map[string]actors.Alarm{}, map[string]bool{}, map[string]*line{}
	for name := range d.targets {
		d.lines[name], queues[name] = &line{}, d.book.Queues[name]
	}
	d.book.Queues = queues // of targets that are gone nothing waits
	seed := fnv.New64a()
	seed.Write([]byte(c.System().Boot()))
	d.rng = rand.New(rand.NewPCG(seed.Sum64(), 0x6e6f7469667))
	if len(d.targets) == 0 {
		return nil
	}
	actors.Subscribe[actors.Alarm](c)
	c.Every(review)
	d.catchUp(c)
	d.pump(c)
	return nil
}

// deaf reports that nothing is told: the outside has no part in a simulated past.
func (d *deliverer) deaf(c *actors.Context) bool {
	return len(d.targets) == 0 || d.outside && !c.System().Clock().IsLive()
}

// note has a change of an alarm settle before it is told.
func (d *deliverer) note(c *actors.Context, a actors.Alarm) {
	if d.deaf(c) {
		return
	}
	_, told := d.book.Told[a.Name]
	switch {
	case a.HiddenBy != "":
		delete(d.fresh, a.Name)
	case a.Active && !a.Over && !told:
		d.fresh[a.Name] = a
	}
	if !d.looking[a.Name] {
		d.looking[a.Name] = true
		c.After(hold, settle{a.Name})
	}
}

// settle tells of a raise, even if it is over already, and of an end.
func (d *deliverer) settle(c *actors.Context, alarm string) {
	now, _, _ := actors.Latest[actors.Alarm](c, alarm)
	a, fresh := d.fresh[alarm]
	delete(d.fresh, alarm)
	delete(d.looking, alarm)
	m, told := d.book.Told[alarm]
	if fresh {
		m, told = newMessage(raised, a, c.Now()), true
		d.book.Told[alarm] = m
		d.tell(c, m)
	}
	if told && !now.Active {
		delete(d.book.Told, alarm)
		m.Event, m.Key, m.At = cleared, keyOf(cleared, m.Unit, alarm, m.Since), c.Now()
		d.tell(c, m)
	}
}

// catchUp takes note of what was raised while nobody listened.
func (d *deliverer) catchUp(c *actors.Context) {
	for _, f := range c.System().Retained() {
		a, ok := f.(actors.Alarm)
		if _, told := d.book.Told[a.Name]; ok && a.Active && !told {
			d.note(c, a)
		}
	}
}

// review finds what no fact told of: alarms that did not come back after a
// restart, and those from a simulated past.
func (d *deliverer) review(c *actors.Context) {
	if d.deaf(c) {
		return
	}
	d.catchUp(c)
	for _, alarm := range slices.Sorted(maps.Keys(d.book.Told)) {
		if !d.looking[alarm] {
			d.settle(c, alarm)
		}
	}
	d.pump(c)
}

// tell queues m for every target that wants it, on disk before it leaves.
func (d *deliverer) tell(c *actors.Context, m Message) {
	for name, t := range d.targets {
		wanted := urgency[m.Priority] >= urgency[t.MinPriority] && (m.Event != cleared || t.Clears)
		if wanted && m.Alarm != failing(name) {
			d.book.add(name, m, d.lines[name].busy)
		}
	}
	d.save(c)
}

func failing(target string) string { return "delivery_failing_" + target }

func (d *deliverer) save(c *actors.Context) {
	d.saving++
	c.Save(stateKey, d.book)
}

func (d *deliverer) saved(c *actors.Context, err error) {
	d.saving--
	if err != nil {
		c.Log().Error("what is to be delivered is not kept, a restart may lose or repeat it: %v", err)
	}
	d.pump(c)
}

// pump sends what waits, to each target one after the other.
func (d *deliverer) pump(c *actors.Context) {
	if d.saving > 0 || d.deaf(c) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(d.lines)) {
		if l := d.lines[name]; !l.busy && len(d.book.Queues[name]) > 0 {
			l.busy = true
			d.try(c, name)
		}
	}
}

func (d *deliverer) try(c *actors.Context, name string) {
	carrier, t, m := d.carrier, d.targets[name], d.book.Queues[name][0]
	c.Do(func() (any, time.Duration) {
		_, err := carrier.Carry(t, m)
		return tried{name, err}, 0
	})
}

func (d *deliverer) tried(c *actors.Context, r tried) {
	l := d.lines[r.target]
	if r.err == nil {
		*l = line{}
		d.book.Queues[r.target] = d.book.Queues[r.target][1:]
		c.Clear(failing(r.target))
		d.save(c)
		return
	}
	if l.failures == 0 {
		l.since = c.Mono()
		c.Log().Warning("Alarms cannot be delivered to %s, it is tried again: %v", r.target, r.err)
	}
	if c.Mono()-l.since >= grace {
		c.Raise(failing(r.target), "low", fmt.Sprintf("alarms do not reach %s, it is tried again: %v; see `pioactor alarms test %s`",
			r.target, r.err, r.target), false)
	}
	c.After(d.pause(l.failures), try{r.target})
	l.failures++
}

// pause is the wait before the next try after so many failures.
func (d *deliverer) pause(failures int) time.Duration {
	p := lastPause
	if failures < 16 {
		p = min(p, firstPause<<failures)
	}
	return p + time.Duration(0.2*d.rng.Float64()*float64(p))
}

var _ actors.Job = (*deliverer)(nil)
