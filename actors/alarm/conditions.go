package alarm

import (
	"maps"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm/condition"
)

// conditions judges the declared alarms, and does what they ask for.
//
// Takes: the facts that carry their signals; JobState; Alarm; Reply.
// Sends: Alarm through EditAlarm; SetState to the automations, StopDosing to the
// vial and SetLED to the leds, when an alarm asks for it.
// Fails by: nothing of its own. What it knows is in the alarms, so that a new
// one goes on where it ended.
type conditions struct {
	declared Config
	watched  []*watched
	// slept are the jobs that a pause put to sleep and that wake when it ends.
	slept map[string]bool
}

// watched is one declared alarm.
type watched struct {
	Declaration
	name   string
	watch  *condition.Watch
	active bool // the last verdict
	timer  actors.Timer
	about  string // the experiment of the last news
}

// due says that time alone may have changed a verdict.
type due struct{ w *watched }

// Receive implements actors.Job.
func (s *conditions) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		s.start(c)
	case due:
		s.judge(c, msg.w)
	case actors.JobState:
		s.jobState(c, msg)
	case actors.Alarm:
		s.ended(c, msg)
	case actors.Fact:
		s.hear(c, msg)
	case actors.Reply:
		if !msg.OK && msg.Code != "not_running" {
			c.Log().Error("an alarm's action was refused: %s", msg.Reason)
		}
	}
	return nil
}

func (s *conditions) start(c *actors.Context) {
	s.slept = map[string]bool{}
	actors.Subscribe[actors.Alarm](c)
	actors.Subscribe[actors.JobState](c)
	for _, name := range slices.Sorted(maps.Keys(s.declared)) {
		if d := s.declared[name]; d.Enabled {
			s.watched = append(s.watched, newWatched(c, name, d))
		}
	}
	for _, f := range c.System().Retained() {
		s.learn(f)
		if j, ok := f.(actors.JobState); ok {
			s.keepAsleep(c, j) // it was faster
		}
	}
	for _, w := range s.watched {
		s.judge(c, w)
	}
}

func newWatched(c *actors.Context, name string, d Declaration) *watched {
	for _, signal := range []string{d.Signal, d.From} {
		if signal != "" {
			actors.SubscribeSignal(c, signal)
		}
	}
	old, _, _ := actors.Latest[actors.Alarm](c, name)
	active := old.Active && !old.Over
	w := &watched{Declaration: d, name: name, active: active, watch: condition.New(d.rule(), c.Mono(), active)}
	if d.WhileJob != "" {
		w.watch.OffDuty() // until the job says that it lives
	}
	return w
}

// learn tells every watch what f means to it, and returns those it concerns.
func (s *conditions) learn(f actors.Fact) (concerned []*watched) {
	state, isState := f.(actors.JobState)
	for _, w := range s.watched {
		before := len(concerned)
		if x, ok := actors.SignalOf(f, w.Signal); ok {
			w.watch.News(f.About().Mono, x)
			w.about = f.About().Experiment
			concerned = append(concerned, w)
		}
		if x, ok := actors.SignalOf(f, w.From); ok {
			w.watch.Reference(x)
			concerned = append(concerned, w)
		}
		if isState && state.Job == w.WhileJob {
			w.duty(state)
			concerned = append(concerned, w)
		}
		concerned = concerned[:min(len(concerned), before+1)]
	}
	return concerned
}

func (w *watched) duty(s actors.JobState) {
	switch s.State {
	case actors.Sleeping, actors.Disconnected:
		w.watch.OffDuty()
	default: // a lost job is no reason to fall silent
		w.watch.OnDuty(s.Mono)
	}
}

func (s *conditions) hear(c *actors.Context, f actors.Fact) {
	for _, w := range s.learn(f) {
		s.judge(c, w)
	}
}

// judge raises or clears w's alarm, and looks again when time may change it.
func (s *conditions) judge(c *actors.Context, w *watched) {
	now := c.Mono()
	active, again := w.watch.Judge(now)
	w.timer.Cancel()
	w.timer = actors.Timer{}
	if again != condition.Never {
		w.timer = c.After(max(again-now, time.Millisecond), due{w})
	}
	switch {
	case active == w.active:
	case active:
		w.active = true
		s.act(c, w)
		c.EditAlarm(w.name, func(old actors.Alarm) actors.Alarm {
			a := old.Raised(w.name, w.Priority, w.text(w.watch.Why(now)), w.Latch, c.Now())
			a.Experiment = w.about
			if w.Action != notify {
				a.Action = w.Action
			}
			return a
		})
	default:
		w.active = false
		c.Clear(w.name)
	}
}
