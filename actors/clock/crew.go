package clock

import "time"

// crew runs work on goroutines that are kept for a while: a new one would grow
// its stack anew for every message, which costs more than most messages do.
// The zero value works.
type crew struct{ idle chan func() }

// spare is how long a goroutine waits for more work.
const spare = time.Second

func newCrew() crew { return crew{make(chan func())} }

// run runs f on a goroutine of its own, now.
func (c crew) run(f func()) {
	select {
	case c.idle <- f:
	default:
		go c.work(f)
	}
}

func (c crew) work(f func()) {
	rest := time.NewTimer(spare)
	defer rest.Stop()
	for {
		f()
		rest.Reset(spare)
		select {
		case f = <-c.idle:
		case <-rest.C:
			return
		}
	}
}
