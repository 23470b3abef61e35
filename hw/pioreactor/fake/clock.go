package fake

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is CLOCK_MONOTONIC, the same in every process of a computer.
func monotonic() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("fake: no monotonic clock: " + err.Error()) // every Linux has one
	}
	return time.Duration(t.Nano())
}

// target is the time it should be in the model: with mu held.
func (m *Machine) target() time.Duration {
	if m.house == nil {
		return max(monotonic(), m.at)
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
		time.Sleep(d)
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
// always runs to its end, and the model's time has moved on by what it took.
func (m *Machine) Within(limit time.Duration, f func()) bool {
	if m.house != nil {
		start := m.Now()
		f()
		return m.Now()-start <= limit
	}
	done, timer := make(chan any, 1), time.NewTimer(limit)
	defer timer.Stop()
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	select {
	case panicked := <-done:
		if panicked != nil {
			panic(panicked)
		}
		return true
	case <-timer.C:
		return false
	}
}

// repeat is one Repeat.
type repeat struct {
	step func(time.Duration) time.Duration
	next time.Duration // virtual: when it is due
	quit chan struct{}
	once sync.Once
	done chan struct{} // real: closed when the goroutine has ended
}

// Repeat calls step at the instants that it returns: in real time on a
// goroutine, in virtual time as events of the model. There the first is due at
// once and comes when the machine is next touched: whoever calls may hold locks.
func (m *Machine) Repeat(step func(now time.Duration) (next time.Duration)) (stop func()) {
	r := &repeat{step: step, quit: make(chan struct{}), done: make(chan struct{})}
	m.enter()
	if m.closed {
		m.mu.Unlock()
		return func() {}
	}
	r.next = m.at
	m.repeats = append(m.repeats, r)
	m.mu.Unlock()
	if m.house == nil {
		go r.live()
	} else {
		close(r.done)
	}
	return func() {
		m.mu.Lock()
		m.repeats = slices.DeleteFunc(m.repeats, func(o *repeat) bool { return o == r })
		m.mu.Unlock()
		r.end()
	}
}

func (r *repeat) end() {
	r.once.Do(func() { close(r.quit) })
	<-r.done
}

// live is the goroutine of one Repeat in real time.
func (r *repeat) live() {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-timer.C:
		}
		timer.Reset(r.step(monotonic()) - monotonic())
	}
}
