package clock

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// Timer is one pending call of AfterFunc.
type Timer struct {
	c     *Clock
	f     func()
	at    time.Duration // Mono
	seq   uint64        // order among equals
	index int           // place in the heap; -1 when not in it
	real  *time.Timer   // once live
}

// AfterFunc calls f once d has passed; d ≤ 0 means as soon as possible. f must
// be short: it posts a message.
func (c *Clock) AfterFunc(d time.Duration, f func()) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	d = max(d, 0)
	c.seq++
	t := &Timer{c: c, f: f, at: c.mono() + d, seq: c.seq, index: -1}
	if c.live {
		t.start(d)
	} else {
		heap.Push(&c.timers, t)
	}
	return t
}

// start hands t to the operating system.
func (t *Timer) start(d time.Duration) { t.real = time.AfterFunc(d, t.f) }

// Stop cancels the call and reports whether it was still to come.
func (t *Timer) Stop() bool {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	if t.real != nil {
		return t.real.Stop()
	}
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.c.timers, t.index)
	return true
}

// timerHeap orders timers by instant, then by age.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last], *h = nil, (*h)[:last]
	t.index = -1
	return t
}

func (h *timerHeap) pop() *Timer { return heap.Pop(h).(*Timer) }

// runQueue holds what is runnable now.
type runQueue struct {
	items []func()
	head  int
	rng   *rand.Rand // nil: first in, first out
}

func (q *runQueue) push(f func()) { q.items = append(q.items, f) }

func (q *runQueue) pop() func() {
	n := len(q.items) - q.head
	if n == 0 {
		return nil
	}
	if q.rng != nil && n > 1 {
		i := q.head + q.rng.IntN(n)
		q.items[i], q.items[q.head] = q.items[q.head], q.items[i]
	}
	f := q.items[q.head]
	q.items[q.head] = nil
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return f
}

func (q *runQueue) drain() []func() {
	left := q.items[q.head:]
	q.items, q.head = nil, 0
	return left
}
