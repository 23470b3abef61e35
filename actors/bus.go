package actors

import (
	"cmp"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// bus hands facts to subscribers in the order they subscribed, remembers what
// is retained, and feeds the taps.
type bus struct {
	mu       sync.Mutex
	subs     map[reflect.Type][]*actor.PID
	seq      map[reflect.Type]uint64
	retained map[reflect.Type]map[string]Retained
	order    []reflect.Type // of first publication
	taps     []*Tap
	watchers []func(Fact)
}

func newBus() *bus {
	return &bus{
		subs: map[reflect.Type][]*actor.PID{}, seq: map[reflect.Type]uint64{},
		retained: map[reflect.Type]map[string]Retained{},
	}
}

func (b *bus) subscribe(t reflect.Type, pid *actor.PID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.subs[t], pid.Equal) {
		b.subs[t] = append(slices.Clone(b.subs[t]), pid)
	}
}

func (b *bus) unsubscribe(pid *actor.PID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for t, pids := range b.subs {
		b.subs[t] = slices.DeleteFunc(slices.Clone(pids), pid.Equal)
	}
}

// publish stamps f and hands it on. f keeps a Meta it already has a time in.
func (s *System) publish(experiment string, f Fact) Fact {
	b := s.bus
	t := reflect.TypeOf(f)
	b.mu.Lock()
	b.seq[t]++
	at := f.About().At
	if at.IsZero() {
		at = s.clock.Now()
	}
	f = stamp(f, Meta{s.unit, experiment, s.boot, b.seq[t], at, s.clock.Mono()})
	if r, ok := f.(Retained); ok {
		b.keep(t, r)
	}
	pids, taps, watchers := b.subs[t], b.taps, b.watchers
	for _, tap := range taps {
		tap.put(f)
	}
	b.mu.Unlock()
	for _, watch := range watchers {
		watch(f)
	}
	for _, pid := range pids {
		s.engine.Root.Send(pid, f)
	}
	return f
}

func (b *bus) keep(t reflect.Type, r Retained) {
	if b.retained[t] == nil {
		b.retained[t] = map[string]Retained{}
		b.order = append(b.order, t)
	}
	b.retained[t][r.RetainKey()] = r
}

// stamp returns a copy of f with its Meta set.
func stamp(f Fact, m Meta) Fact {
	v := reflect.New(reflect.TypeOf(f)).Elem()
	v.Set(reflect.ValueOf(f))
	v.FieldByName("Meta").Set(reflect.ValueOf(m))
	return v.Interface().(Fact)
}

// Retained returns every fact that is true now, in a stable order.
func (s *System) Retained() []Retained {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	return s.bus.snapshot()
}

func (b *bus) snapshot() []Retained {
	var all []Retained
	for _, t := range b.order {
		facts := make([]Retained, 0, len(b.retained[t]))
		for _, f := range b.retained[t] {
			facts = append(facts, f)
		}
		slices.SortFunc(facts, func(a, b Retained) int { return cmp.Compare(a.RetainKey(), b.RetainKey()) })
		all = append(all, facts...)
	}
	return all
}

// latest returns the retained fact of type T with key.
func latest[T Retained](s *System, key string) (T, bool) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	f, ok := s.bus.retained[reflect.TypeFor[T]()][key].(T)
	return f, ok
}

// LatestOf returns the newest fact of type T with key: a job's name, an
// alarm's, "job/setting", or "" where there is one of its kind.
func LatestOf[T Retained](s *System, key string) (T, bool) { return latest[T](s, key) }

// Watch calls f with every fact, at once and in order: for counts, simulations
// and tests. f must return quickly and must not publish.
func (s *System) Watch(f func(Fact)) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.bus.watchers = append(slices.Clone(s.bus.watchers), f)
}

// Tap is how a slow observer (bridge, web, store) listens without ever making
// the control path wait. Telemetry is kept in a ring that drops the oldest;
// vital facts are never dropped, and while a tap holds more of them than its
// size, the vial refuses new inflow.
type Tap struct {
	size  int
	wake  chan struct{}
	mu    sync.Mutex
	facts []Fact
	loose int // telemetry among facts
	gap   uint64
}

// Tap returns a new tap of size facts. If it starts with what is retained, the
// observer sees a complete state first and then every change.
func (s *System) Tap(size int, withRetained bool) *Tap {
	t := &Tap{size: max(size, 1), wake: make(chan struct{}, 1)}
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if withRetained {
		for _, f := range s.bus.snapshot() {
			t.put(f)
		}
	}
	s.bus.taps = append(slices.Clone(s.bus.taps), t)
	return t
}

// Untap ends a tap.
func (s *System) Untap(t *Tap) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.bus.taps = slices.DeleteFunc(slices.Clone(s.bus.taps), func(x *Tap) bool { return x == t })
}

// Congested reports whether an observer of vital facts is so far behind that
// no new dose may start.
func (s *System) Congested() bool {
	s.bus.mu.Lock()
	taps := s.bus.taps
	s.bus.mu.Unlock()
	return slices.ContainsFunc(taps, (*Tap).full)
}

func (t *Tap) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.facts)-t.loose > t.size
}

func (t *Tap) put(f Fact) {
	t.mu.Lock()
	if _, vital := f.(Vital); !vital {
		if t.loose >= t.size {
			t.dropOldest()
		}
		t.loose++
	}
	t.facts = append(t.facts, f)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *Tap) dropOldest() {
	i := slices.IndexFunc(t.facts, func(f Fact) bool { _, vital := f.(Vital); return !vital })
	t.facts = slices.Delete(t.facts, i, i+1)
	t.loose--
	t.gap++
}

// Ready is signalled when there is something to Take.
func (t *Tap) Ready() <-chan struct{} { return t.wake }

// Take returns what has gathered, and how much telemetry was dropped before it.
func (t *Tap) Take() (facts []Fact, gap uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	facts, gap = t.facts, t.gap
	t.facts, t.loose, t.gap = nil, 0, 0
	return facts, gap
}

// age is how long ago a fact was published, by the monotonic clock.
func (s *System) age(f Fact) time.Duration { return s.clock.Mono() - f.About().Mono }
