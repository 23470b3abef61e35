// Package lease keeps every energy-carrying output on a deadline: an [Output]
// drives anything but its safe value only while somebody holds a [Lease] on it,
// and a lease always ends. It is pure: time comes in as values of one monotonic
// clock, and what comes out is the value to drive.
//
// It refuses a lease without an end, one longer than the output allows, a value
// that is not a number or out of range, a second owner while a lease lives, and
// any command of an epoch older than one it has obeyed. A refusal changes
// nothing. Time never runs backwards here: a clock that jumps back cannot
// revive a lease.
//
//	out, err := lease.New(lease.Spec{Name: "media", Max: 100, MaxLease: time.Minute})
//	out, err = out.Grant(now, lease.Lease{Owner: "dosing", Value: 100, Until: now + 11*time.Second})
//	pump.Set(out.Value(now)) // and again at out.Deadline(): then it is out.Value's safe value
//
// The shell must drive [Output.Value] after every call and wake at
// [Output.Deadline].
package lease

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Spec describes one output. Safe is what it drives without a lease.
type Spec struct {
	Name           string
	Safe, Min, Max float64       // in the output's own unit, such as %
	MaxLease       time.Duration // longest time a lease may have left
}

// Validate reports everything wrong with s.
func (s Spec) Validate() error {
	var errs []error
	if s.Name == "" {
		errs = append(errs, errors.New("lease: output without a name"))
	}
	if !finite(s.Min) || !finite(s.Max) || s.Min > s.Max || !(s.Safe >= s.Min && s.Safe <= s.Max) {
		errs = append(errs, fmt.Errorf("lease: %s: safe value %v must lie within %v to %v", s.Name, s.Safe, s.Min, s.Max))
	}
	if s.MaxLease <= 0 {
		errs = append(errs, fmt.Errorf("lease: %s: longest lease %v must be above 0", s.Name, s.MaxLease))
	}
	return errors.Join(errs...)
}

// Lease is the right of one owner to drive an output at Value until the
// monotonic time Until. At Until it has ended.
type Lease struct {
	Owner string
	Value float64
	Until time.Duration
	// Epoch is the term of whoever gives the command; a newer one outranks.
	Epoch uint64
}

// Held is the refusal of an output that somebody else holds.
type Held struct {
	Output, Owner string
	Until         time.Duration
}

// Error says who holds the output and for how long.
func (h *Held) Error() string {
	return fmt.Sprintf("lease: %s: held by %s until %v; wait or let it be released", h.Output, h.Owner, h.Until)
}

// Reasons for a refusal other than [Held]; test with errors.Is.
var (
	// ErrStale: the command is of an older epoch. Stop, someone else commands.
	ErrStale = errors.New("older epoch")
	// ErrNotHeld: the lease has ended or never was. Ask for a new one.
	ErrNotHeld = errors.New("not held")
	// ErrInvalid: owner, value or deadline can never be granted.
	ErrInvalid = errors.New("invalid")
	// ErrUnknown: there is no such output.
	ErrUnknown = errors.New("no such output")
)

// Output is one output and who drives it. It is a value: every call returns the
// next one. The zero value is not usable; see [New].
type Output struct {
	spec  Spec
	lease Lease         // the zero Lease means nobody: an owner is never empty
	epoch uint64        // newest obeyed
	now   time.Duration // latest time heard of
}

// New is an output that nobody holds.
func New(spec Spec) (Output, error) {
	if err := spec.Validate(); err != nil {
		return Output{}, err
	}
	return Output{spec: spec}, nil
}

// Spec is what the output was made with.
func (o Output) Spec() Spec { return o.spec }

// Epoch is the newest one obeyed.
func (o Output) Epoch() uint64 { return o.epoch }

// Lease is the lease that lives at now, if any.
func (o Output) Lease(now time.Duration) (Lease, bool) {
	if o.lease.Owner == "" || max(now, o.now) >= o.lease.Until {
		return Lease{}, false
	}
	return o.lease, true
}

// Value is what to drive at now: the living lease's value, or the safe one.
func (o Output) Value(now time.Duration) float64 {
	if l, ok := o.Lease(now); ok {
		return l.Value
	}
	return o.spec.Safe
}

// Deadline is when the output must be looked at again: the end of the lease.
// False when nobody holds it.
func (o Output) Deadline() (time.Duration, bool) { return o.lease.Until, o.lease.Owner != "" }

// Grant gives l to its owner, who may hold one already: then l replaces it,
// value and deadline both. It never adds to what was left.
func (o Output) Grant(now time.Duration, l Lease) (Output, error) {
	next := o.at(now)
	if err := next.judge(l); err != nil {
		return o, err
	}
	if held, ok := next.Lease(next.now); ok && held.Owner != l.Owner {
		return o, &Held{Output: o.spec.Name, Owner: held.Owner, Until: held.Until}
	}
	next.lease, next.epoch = l, l.Epoch
	return next, nil
}

// Renew moves the end of owner's living lease and keeps its value. An ended
// lease cannot be renewed: the output has been safe meanwhile.
func (o Output) Renew(now time.Duration, owner string, until time.Duration, epoch uint64) (Output, error) {
	held, ok := o.at(now).Lease(now)
	if !ok || held.Owner != owner {
		return o, fmt.Errorf("lease: %s: renew for %q: %w", o.spec.Name, owner, ErrNotHeld)
	}
	held.Until, held.Epoch = until, epoch
	return o.Grant(now, held)
}

// Release makes the output safe if owner holds it, whatever the epoch: nobody is
// refused to let go. The bool says whether owner held it.
func (o Output) Release(now time.Duration, owner string) (Output, bool) {
	o = o.at(now)
	if o.lease.Owner == "" || o.lease.Owner != owner {
		return o, false
	}
	o.lease = Lease{}
	return o, true
}

// Halt makes the output safe, whoever holds it.
func (o Output) Halt(now time.Duration) Output {
	o = o.at(now)
	o.lease = Lease{}
	return o
}

// Fence makes the output refuse every epoch below epoch and ends a lease of one.
func (o Output) Fence(now time.Duration, epoch uint64) Output {
	o = o.at(now)
	o.epoch = max(o.epoch, epoch)
	if o.lease.Epoch < o.epoch {
		o.lease = Lease{}
	}
	return o
}

// Expire drops a lease that has ended. The bool says whether one did.
func (o Output) Expire(now time.Duration) (Output, bool) {
	had := o.lease.Owner != ""
	o = o.at(now)
	return o, had && o.lease.Owner == ""
}

// at moves the output's time on, never back, and drops an ended lease.
func (o Output) at(now time.Duration) Output {
	o.now = max(o.now, now)
	if _, ok := o.Lease(o.now); !ok {
		o.lease = Lease{}
	}
	return o
}

// judge tells whether l could be granted if nobody held the output.
func (o Output) judge(l Lease) error {
	switch left := l.Until - o.now; {
	case l.Epoch < o.epoch:
		return fmt.Errorf("lease: %s: %w: %d after %d", o.spec.Name, ErrStale, l.Epoch, o.epoch)
	case l.Owner == "":
		return o.invalid("a lease needs an owner")
	case !(l.Value >= o.spec.Min && l.Value <= o.spec.Max):
		return o.invalid("value %v: want %v to %v", l.Value, o.spec.Min, o.spec.Max)
	case l.Until <= o.now:
		return o.invalid("it would end at %v, now is %v", l.Until, o.now)
	case left > o.spec.MaxLease:
		return o.invalid("%v is too long: at most %v", left, o.spec.MaxLease)
	}
	return nil
}

func (o Output) invalid(format string, args ...any) error {
	return fmt.Errorf("lease: %s: %w: "+format, append([]any{o.spec.Name, ErrInvalid}, args...)...)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
