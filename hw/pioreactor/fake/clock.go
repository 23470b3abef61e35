package fake

import (
	"slices"
	"time"
)

// target is the time it should be in the model: with mu held.
func (m *Machine) target() time.Duration {
	if m.house == nil {
		return max(m.real.Now(), m.at)
	}
	return max(m.house(), m.slept, m.at)
}

// enter locks the machine with its model brought up to now. Inside of a step
// that runs anyway, it only locks: it is the step's time.
func (m *Machine) enter() {
	m.mu.Lock()
	if !m.running {
		m.run(m.target())
	}
}

// Now is the machine's time.
func (m *Machine) Now() time.Duration {
	m.enter()
	defer m.mu.Unlock()
	return m.at
}

// TwinNow is until when the model has run: the clock that the twin must live
// on. It runs nothing.
func (m *Machine) TwinNow() time.Duration { return time.Duration(m.twinAt.Load()) }

// Sleep returns d later; in virtual time that is at once, and the model has
// moved on.
func (m *Machine) Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	if m.house == nil {
		m.real.Sleep(d)
		return
	}
	m.enter()
	defer m.mu.Unlock()
	m.slept = m.at + d
	if m.running {
		m.moveTo(m.slept)
		return
	}
	m.run(m.slept)
}

// Within runs f and reports whether it ended within limit. In virtual time f
// always runs to its end, and the model's time has moved on by what it took: of a
// stuck bus just longer than limit, as a caller would leave then.
func (m *Machine) Within(limit time.Duration, f func()) bool {
	if m.house != nil {
		start := m.Now()
		m.leave.Store(int64(start + limit))
		f()
		m.leave.Store(int64(never))
		return m.Now()-start <= limit
	}
	return m.real.Within(limit, f)
}

// repeat is one Repeat.
type repeat struct {
	step func(time.Duration) time.Duration
	next time.Duration // virtual: when it is due
	end  func()        // real: stops it, however often
}

// Repeat calls step at the instants that it returns: in real time on a thread,
// in virtual time as events of the model. There the first is due at once and
// comes when the machine is next touched: whoever calls may hold locks.
func (m *Machine) Repeat(step func(now time.Duration) (next time.Duration)) (stop func()) {
	r := &repeat{step: step, end: func() {}}
	m.enter()
	defer m.mu.Unlock()
	if m.closed {
		return r.end
	}
	r.next = m.at
	if m.house == nil {
		r.end = m.real.Repeat(step)
	}
	m.repeats = append(m.repeats, r)
	return func() {
		m.mu.Lock()
		m.repeats = slices.DeleteFunc(m.repeats, func(o *repeat) bool { return o == r })
		m.mu.Unlock()
		r.end()
	}
}
