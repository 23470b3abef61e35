package fake

import (
	"math"
	"time"
)

// never is when nothing is due.
const never = time.Duration(math.MaxInt64)

// tooSoon is how much later than asked for a step of Repeat comes at the least
// that asks for an instant in the past, so that it cannot stop virtual time.
const tooSoon = time.Microsecond

// moveTo brings time to at; with mu held.
func (m *Machine) moveTo(at time.Duration) {
	if at > m.at {
		m.at = at
		m.twinAt.Store(int64(at))
	}
}

// run does everything that is due until to, in the order of time; what is due
// at one instant in the order of this function. With mu held, which is let go
// while the driver's code runs.
func (m *Machine) run(to time.Duration) {
	if m.closed {
		m.moveTo(to)
		return
	}
	m.running = true
	defer func() { m.running = false }()
	for {
		due := min(m.pwm.due, m.wiresDue(), m.worldDue())
		r := m.firstRepeat()
		if r != nil && r.next < due {
			due = r.next
		}
		if due > to {
			break
		}
		m.moveTo(due)
		switch {
		case m.pwm.due <= due:
			m.settlePWM()
		case m.wiresDue() <= due:
			m.settleWires()
		case m.worldDue() <= due:
			m.look()
		default:
			m.step(r)
		}
		m.tell()
	}
	m.moveTo(to)
	m.pollPWM()
}

// firstRepeat is the step that is due first, in virtual time.
func (m *Machine) firstRepeat() (first *repeat) {
	if m.house == nil {
		return nil
	}
	for _, r := range m.repeats {
		if first == nil || r.next < first.next {
			first = r
		}
	}
	return first
}

func (m *Machine) step(r *repeat) {
	at := m.at
	m.mu.Unlock()
	defer m.mu.Lock()
	next := r.step(at)
	r.next = max(next, at+tooSoon)
}

// report is an edge on its way to who listens.
type report struct {
	to   *input
	edge edge
}

// tell hands on the edges at once in virtual time; in real time the goroutine
// does.
func (m *Machine) tell() {
	if m.house == nil || len(m.heard) == 0 {
		return
	}
	reports := m.heard
	m.heard = nil
	m.mu.Unlock()
	defer m.mu.Lock()
	for _, r := range reports {
		r.to.tell(r.edge)
	}
}

const livePause = 5 * time.Millisecond // how late an edge is told at most, in real time

// live runs the model on in real time until quit.
func (m *Machine) live(quit <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	ticker := time.NewTicker(livePause)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
		}
		m.telling.Lock()
		m.enter()
		reports := m.heard
		m.heard = nil
		m.mu.Unlock()
		for _, r := range reports {
			r.to.tell(r.edge)
		}
		m.telling.Unlock()
	}
}
