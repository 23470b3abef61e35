package unit

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// supervisors are the actors on which all others depend.
var supervisors = []string{"node", "devices", "experiment"}

// Watchdog asks the supervisors every interval whether their mailboxes turn, and
// calls alive when all have answered: for a service manager, which restarts what
// hangs. alive must not block. As the last part of a node it begins when the
// tree stands, and is the first to stop.
func Watchdog(interval time.Duration, alive func()) actors.Spec {
	return actors.Spec{Name: "watchdog", New: func() actors.Job { return &watchdog{interval: interval, alive: alive} }}
}

// watchdog is the actor "watchdog".
//
// Takes: Reply, OwnerGone. Sends: Ping to the supervisors.
// Fails by: nothing; when it ends, nobody calls alive any more.
type watchdog struct {
	interval time.Duration
	alive    func()
	roll     actors.Roll
}

// Receive implements actors.Job.
func (w *watchdog) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.OwnerGone](c)
		c.Every(w.interval)
		w.roll.Call(c, supervisors...)
	case actors.Tick:
		if w.roll.Call(c, supervisors...) {
			w.alive() // those missing have failed, and wait for their restart
		}
	case actors.Reply, actors.OwnerGone:
		if w.roll.Heard(msg) {
			w.alive()
		}
	}
	return nil
}

var _ actors.Job = (*watchdog)(nil)
