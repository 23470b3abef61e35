package lease

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Drive is what one output is to be driven with.
type Drive struct {
	Output string
	Value  float64
}

// Table is a set of outputs by name. Everything it lists is in the order of
// their names. It is not safe for concurrent use: one actor owns it.
type Table struct {
	outputs []Output // sorted by name
}

// NewTable is a table of outputs that nobody holds; names must differ.
func NewTable(specs ...Spec) (*Table, error) {
	t := &Table{}
	for _, spec := range specs {
		o, err := New(spec)
		if err != nil {
			return nil, err
		}
		i, taken := t.find(spec.Name)
		if taken {
			return nil, fmt.Errorf("lease: %s: two outputs of this name", spec.Name)
		}
		t.outputs = slices.Insert(t.outputs, i, o)
	}
	return t, nil
}

// Output is the output of this name.
func (t *Table) Output(name string) (Output, bool) {
	i, ok := t.find(name)
	if !ok {
		return Output{}, false
	}
	return t.outputs[i], true
}

// Grant is [Output.Grant]; the drive is what to set now, also after a refusal.
func (t *Table) Grant(now time.Duration, name string, l Lease) (Drive, error) {
	return t.change(now, name, func(o Output) (Output, error) { return o.Grant(now, l) })
}

// Renew is [Output.Renew]; the drive is what to set now, also after a refusal.
func (t *Table) Renew(now time.Duration, name, owner string, until time.Duration, epoch uint64) (Drive, error) {
	return t.change(now, name, func(o Output) (Output, error) { return o.Renew(now, owner, until, epoch) })
}

// Release is [Output.Release]; the drive is what to set now.
func (t *Table) Release(now time.Duration, name, owner string) (Drive, error) {
	return t.change(now, name, func(o Output) (Output, error) {
		o, _ = o.Release(now, owner)
		return o, nil
	})
}

func (t *Table) change(now time.Duration, name string, f func(Output) (Output, error)) (Drive, error) {
	i, ok := t.find(name)
	if !ok {
		return Drive{}, fmt.Errorf("lease: %q: %w", name, ErrUnknown)
	}
	next, err := f(t.outputs[i])
	t.outputs[i] = next.at(now)
	return Drive{Output: name, Value: t.outputs[i].Value(now)}, err
}

// ReleaseAll makes every output safe that owner holds and lists them.
func (t *Table) ReleaseAll(now time.Duration, owner string) []Drive {
	return t.each(now, func(o Output) (Output, bool) { return o.Release(now, owner) })
}

// HaltAll makes every output safe, whoever holds it, and lists all of them.
func (t *Table) HaltAll(now time.Duration) []Drive {
	return t.each(now, func(o Output) (Output, bool) { return o.Halt(now), true })
}

// Fence is [Output.Fence] on all outputs and lists those whose lease it ended.
func (t *Table) Fence(now time.Duration, epoch uint64) []Drive {
	return t.each(now, func(o Output) (Output, bool) {
		had := o.lease.Owner != ""
		o = o.Fence(now, epoch)
		return o, had && o.lease.Owner == ""
	})
}

// Expire ends what has ended, lists those outputs with their safe values, and
// says when to call again; false when no lease lives.
func (t *Table) Expire(now time.Duration) (ended []Drive, next time.Duration, more bool) {
	ended = t.each(now, func(o Output) (Output, bool) { return o.Expire(now) })
	next, more = t.Deadline()
	return ended, next, more
}

func (t *Table) each(now time.Duration, f func(Output) (Output, bool)) (changed []Drive) {
	for i, o := range t.outputs {
		next, report := f(o)
		t.outputs[i] = next
		if report {
			changed = append(changed, Drive{Output: o.spec.Name, Value: next.Value(now)})
		}
	}
	return changed
}

// Drives is what every output is to be driven with at now.
func (t *Table) Drives(now time.Duration) []Drive {
	drives := make([]Drive, len(t.outputs))
	for i, o := range t.outputs {
		drives[i] = Drive{Output: o.spec.Name, Value: o.Value(now)}
	}
	return drives
}

// Deadline is the earliest end of any lease; false when there is none.
func (t *Table) Deadline() (next time.Duration, ok bool) {
	for _, o := range t.outputs {
		if until, held := o.Deadline(); held && (!ok || until < next) {
			next, ok = until, true
		}
	}
	return next, ok
}

func (t *Table) find(name string) (int, bool) {
	return slices.BinarySearchFunc(t.outputs, name, func(o Output, name string) int {
		return cmp.Compare(o.spec.Name, name)
	})
}
