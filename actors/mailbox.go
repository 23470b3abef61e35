package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/pioactor/pioactor/actors/clock"
)

// dispatcher runs actors on the house clock.
type dispatcher struct{ clock *clock.Clock }

func (d dispatcher) Schedule(f func()) { d.clock.Schedule(f) }
func (dispatcher) Throughput() int     { return 1 }

// mailbox takes system messages first. It handles one message a turn and then
// queues itself again, so that any actor may come in between: on a virtual
// clock by chance, live because whoever was just told something runs next.
type mailbox struct {
	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher
	late       func(message any) bool // takes what comes after the actor's end
	work       func()                 // run: made once, not for every message

	mu        sync.Mutex
	sys, user fifo
	suspended bool
	running   bool
	begun     bool // Started has been taken: it comes before any user message
}

func (m *mailbox) PostUserMessage(message any) {
	m.mu.Lock()
	m.user.push(message)
	m.wake()
}

func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.sys.push(message)
	m.wake()
}

// wake unlocks and schedules the mailbox unless it runs already.
func (m *mailbox) wake() {
	start := m.dispatcher != nil && !m.running && m.runnable()
	m.running = m.running || start
	m.mu.Unlock()
	if start {
		m.dispatcher.Schedule(m.work)
	}
}

func (m *mailbox) runnable() bool {
	return m.sys.len() > 0 || m.begun && !m.suspended && m.user.len() > 0
}

// RegisterHandlers comes after the engine has made the actor known to others:
// what they send before it, and before Started, waits for that first turn.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, d actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker, m.dispatcher, m.work = invoker, d, m.run
}

func (m *mailbox) Start() {}

func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

func (m *mailbox) run() {
	m.turn()
	m.mu.Lock()
	m.running = m.runnable()
	again := m.running
	m.mu.Unlock()
	if again {
		m.dispatcher.Schedule(m.work)
	}
}

// turn handles one message; a panic goes to the supervisor.
func (m *mailbox) turn() {
	message, system := m.take()
	defer func() {
		if reason := recover(); reason != nil {
			m.invoker.EscalateFailure(reason, message)
		}
	}()
	switch {
	case message == nil:
	case system:
		m.invoker.InvokeSystemMessage(message)
	case m.late(message):
	default:
		m.invoker.InvokeUserMessage(message)
	}
}

func (m *mailbox) take() (message any, system bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sys.len() == 0 {
		if m.suspended {
			return nil, false
		}
		return m.user.pop(), false
	}
	m.begun = true
	message = m.sys.pop()
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspended = true
		return nil, true
	case *actor.ResumeMailbox:
		m.suspended = false
		return nil, true
	}
	return message, true
}

// fifo is a queue that keeps its memory while it is busy.
type fifo struct {
	items []any
	head  int
}

func (q *fifo) len() int { return len(q.items) - q.head }

func (q *fifo) push(x any) { q.items = append(q.items, x) }

func (q *fifo) pop() any {
	if q.len() == 0 {
		return nil
	}
	x := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	switch {
	case q.head == len(q.items) && cap(q.items) > 256:
		q.items, q.head = nil, 0
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
	case q.head > 1024 && q.head > len(q.items)/2:
		q.items, q.head = append([]any(nil), q.items[q.head:]...), 0
	}
	return x
}

var (
	_ actor.Mailbox    = (*mailbox)(nil)
	_ actor.Dispatcher = dispatcher{}
)
