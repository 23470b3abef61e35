package machine

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// steady is the real Clock.
type steady struct {
	mu   sync.Mutex
	idle []*worker
}

// Now is the time since the computer started.
func (*steady) Now() time.Duration { return monotonic() }

// Sleep returns d later.
func (*steady) Sleep(d time.Duration) { time.Sleep(d) }

// Repeat runs on a thread of its own that goes before ordinary ones where that is
// allowed, and sleeps until instants, not for spans. On a loaded machine with two
// cores that is late by 0.05 ms in the median and 10 ms at worst, where time.Sleep
// is by 14 ms and 150 ms. A step must not return instants in the past forever.
func (*steady) Repeat(step func(now time.Duration) (next time.Duration)) (stop func()) {
	r := &repeater{step: step}
	go r.run()
	return r.stop
}

type repeater struct {
	mu      sync.Mutex // held during a step
	stopped bool
	step    func(time.Duration) time.Duration
}

// nap is the longest sleep in one piece: how long a stopped one lingers.
const nap = 100 * time.Millisecond

func (r *repeater) run() {
	runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
	urgent()
	for next, going := r.once(); going; next, going = r.once() {
		for now := monotonic(); now < next && going; now = monotonic() {
			sleepUntil(min(next, now+nap))
			going = r.going()
		}
	}
}

// once takes a step, unless it has been stopped. A step that panics holds no lock.
func (r *repeater) once() (next time.Duration, going bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return 0, false
	}
	return r.step(monotonic()), true
}

func (r *repeater) going() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.stopped
}

// stop waits for a call under way, not for the sleep.
func (r *repeater) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

// Within runs f on a goroutine that is used again by the next Within, unless f
// outlasts limit. A panic of f is the caller's if it is still waiting.
func (s *steady) Within(limit time.Duration, f func()) bool {
	w := s.worker()
	w.work <- f
	w.timer.Reset(limit)
	select {
	case panicked := <-w.done:
		w.timer.Stop()
		return s.rest(w, panicked)
	case <-w.timer.C:
		if w.left.Swap(true) { // f ended at the same moment
			return s.rest(w, <-w.done)
		}
		close(w.work)
		return false
	}
}

// worker runs one function after the other for Within.
type worker struct {
	work  chan func()
	done  chan any // what the function panicked with, or nil
	timer *time.Timer
	left  atomic.Bool // one of the two, caller and function, has finished
}

func (s *steady) worker() *worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		w := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return w
	}
	w := &worker{work: make(chan func()), done: make(chan any, 1), timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	go w.run()
	return w
}

// rest puts a worker back whose function ended in time, and hands on its panic.
func (s *steady) rest(w *worker, panicked any) bool {
	w.left.Store(false)
	s.mu.Lock()
	s.idle = append(s.idle, w)
	s.mu.Unlock()
	if panicked != nil {
		panic(panicked)
	}
	return true
}

func (w *worker) run() {
	for f := range w.work {
		panicked := catch(f)
		if w.left.Swap(true) { // the caller went away
			if panicked != nil {
				panic(panicked)
			}
			return
		}
		w.done <- panicked
	}
}

func catch(f func()) (panicked any) {
	defer func() { panicked = recover() }()
	f()
	return nil
}
