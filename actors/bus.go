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
	count    uint64 // of all facts
	kinds    map[reflect.Type]*kind
	order    []*kind // of those that retain, by first publication
	taps     []*Tap
	watchers []func(Fact)
}

// mark is the newest fact of one kind: how many of its kind there were with it,
// how many of all kinds, and when on Mono.
type mark struct {
	seq, count uint64
	mono       time.Duration
}

// kind is what the bus knows of one type of facts.
type kind struct {
	subs     []*actor.PID
	last     mark
	meta     []int // where the field Meta is; known once one was published
	retained map[string]Retained
}

// kind returns what is known of t, from now on.
func (b *bus) kind(t reflect.Type) *kind {
	k := b.kinds[t]
	if k == nil {
		k = &kind{}
		b.kinds[t] = k
	}
	return k
}

func newBus() *bus {
	return &bus{kinds: map[reflect.Type]*kind{}}
}

func (b *bus) subscribe(t reflect.Type, pid *actor.PID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := b.kind(t); !slices.ContainsFunc(k.subs, pid.Equal) {
		k.subs = append(slices.Clone(k.subs), pid)
	}
}

func (b *bus) unsubscribe(pid *actor.PID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.kinds {
		k.subs = slices.DeleteFunc(slices.Clone(k.subs), pid.Equal)
	}
}

// publish stamps f and hands it on. f keeps a Meta it already has a time in.
func (s *System) publish(experiment string, f Fact) Fact {
	b := s.bus
	b.mu.Lock()
	t := reflect.TypeOf(f)
	k := b.kind(t)
	if k.meta == nil {
		field, _ := t.FieldByName("Meta") // every Fact embeds it: that makes it one
		k.meta = field.Index
	}
	b.count++
	k.last = mark{k.last.seq + 1, b.count, s.clock.Mono()}
	at := f.About().At
	if at.IsZero() {
		at = s.clock.Now()
	}
	f = stamp(f, k.meta, Meta{s.unit, experiment, s.boot, k.last.seq, at, k.last.mono})
	if r, ok := f.(Retained); ok {
		b.keep(k, r)
	}
	pids, taps, watchers := k.subs, b.taps, b.watchers
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

func (b *bus) keep(k *kind, r Retained) {
	if k.retained == nil {
		k.retained = map[string]Retained{}
		b.order = append(b.order, k)
	}
	k.retained[r.RetainKey()] = r
}

// stamp returns a copy of f with its Meta, the field at meta, set.
func stamp(f Fact, meta []int, m Meta) Fact {
	v := reflect.New(reflect.TypeOf(f)).Elem()
	v.Set(reflect.ValueOf(f))
	*v.FieldByIndex(meta).Addr().Interface().(*Meta) = m
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
	for _, k := range b.order {
		facts := make([]Retained, 0, len(k.retained))
		for _, f := range k.retained {
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
	k := s.bus.kinds[reflect.TypeFor[T]()]
	if k == nil {
		return *new(T), false
	}
	f, ok := k.retained[key].(T)
	return f, ok
}

// last is the mark of the newest fact of type T in this boot; zero for none.
func last[T Fact](s *System) mark {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	return s.bus.kind(reflect.TypeFor[T]()).last
}

// LatestOf returns the newest fact of type T with key: a job's name, an
// alarm's, "job/setting", or "" where there is one of its kind.
func LatestOf[T Retained](s *System, key string) (T, bool) { return latest[T](s, key) }

// Watch calls f with every fact, at once and in order: for simulations, tests
// and counts. f must return quickly and must not publish.
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
