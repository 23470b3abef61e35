package lease_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/device/lease"
	"pgregory.net/rapid"
)

const s = time.Second

var pump = lease.Spec{Name: "media", Max: 100, MaxLease: time.Minute}

func output(t interface{ Fatal(...any) }, spec lease.Spec) lease.Output {
	o, err := lease.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func granted(t *testing.T, l lease.Lease) lease.Output {
	o, err := output(t, pump).Grant(0, l)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestLeaseEndsAtItsDeadline(t *testing.T) {
	o := granted(t, lease.Lease{Owner: "dosing", Value: 80, Until: 10 * s})
	for at, want := range map[time.Duration]float64{0: 80, 10*s - 1: 80, 10 * s: 0, time.Hour: 0, math.MaxInt64: 0} {
		if got := o.Value(at); got != want {
			t.Errorf("value at %v = %v %%, want %v %%", at, got, want)
		}
	}
}

func TestSafeValueNeedNotBeZero(t *testing.T) {
	o := output(t, lease.Spec{Name: "valve", Safe: 5, Min: -10, Max: 10, MaxLease: s})
	if got := o.Value(0); got != 5 {
		t.Errorf("value without a lease = %v, want 5", got)
	}
}

func TestRefusals(t *testing.T) {
	held := lease.Lease{Owner: "dosing", Value: 80, Until: 10 * s, Epoch: 3}
	cases := map[string]struct {
		l    lease.Lease
		want error
	}{
		"older epoch, own lease":   {lease.Lease{Owner: "dosing", Value: 1, Until: 5 * s, Epoch: 2}, lease.ErrStale},
		"older epoch, other owner": {lease.Lease{Owner: "manual", Value: 1, Until: 5 * s, Epoch: 2}, lease.ErrStale},
		"no owner":                 {lease.Lease{Value: 1, Until: 5 * s, Epoch: 3}, lease.ErrInvalid},
		"no deadline":              {lease.Lease{Owner: "dosing", Value: 1, Epoch: 3}, lease.ErrInvalid},
		"deadline now":             {lease.Lease{Owner: "dosing", Value: 1, Until: s, Epoch: 3}, lease.ErrInvalid},
		"too long":                 {lease.Lease{Owner: "dosing", Value: 1, Until: 61*s + 1, Epoch: 3}, lease.ErrInvalid},
		"for ever":                 {lease.Lease{Owner: "dosing", Value: 1, Until: math.MaxInt64, Epoch: 3}, lease.ErrInvalid},
		"not a number":             {lease.Lease{Owner: "dosing", Value: math.NaN(), Until: 5 * s, Epoch: 3}, lease.ErrInvalid},
		"above range":              {lease.Lease{Owner: "dosing", Value: 100.1, Until: 5 * s, Epoch: 3}, lease.ErrInvalid},
		"below range":              {lease.Lease{Owner: "dosing", Value: -0.1, Until: 5 * s, Epoch: 3}, lease.ErrInvalid},
		"infinite":                 {lease.Lease{Owner: "dosing", Value: math.Inf(1), Until: 5 * s, Epoch: 3}, lease.ErrInvalid},
	}
	for name, c := range cases {
		before := granted(t, held)
		after, err := before.Grant(s, c.l)
		if !errors.Is(err, c.want) || after != before {
			t.Errorf("%s: %v, changed %t, want %v and no change", name, err, after != before, c.want)
		}
	}
}

func TestAnotherOwnerIsToldWhoHoldsIt(t *testing.T) {
	o := granted(t, lease.Lease{Owner: "dosing", Value: 80, Until: 10 * s})
	other := lease.Lease{Owner: "manual", Value: 50, Until: 20 * s, Epoch: 9}
	_, err := o.Grant(9*s, other)
	var held *lease.Held
	if !errors.As(err, &held) || held.Owner != "dosing" || held.Until != 10*s {
		t.Errorf("second owner: %v, want held by dosing until 10s", err)
	}
	if o, err = o.Grant(10*s, other); err != nil || o.Value(10*s) != 50 {
		t.Errorf("second owner after the end: %v, %v %%, want 50 %%", err, o.Value(10*s))
	}
}

func TestRenewKeepsValueAndNeedsALivingLease(t *testing.T) {
	o := granted(t, lease.Lease{Owner: "dosing", Value: 80, Until: 10 * s})
	o, err := o.Renew(9*s, "dosing", 30*s, 0)
	if err != nil || o.Value(29*s) != 80 || o.Value(30*s) != 0 {
		t.Errorf("renewed: %v, %v then %v %%, want 80 then 0", err, o.Value(29*s), o.Value(30*s))
	}
	if _, err := o.Renew(9*s, "manual", 30*s, 0); !errors.Is(err, lease.ErrNotHeld) {
		t.Errorf("renew by another: %v, want not held", err)
	}
	if _, err := o.Renew(30*s, "dosing", 40*s, 0); !errors.Is(err, lease.ErrNotHeld) {
		t.Errorf("renew too late: %v, want not held", err)
	}
	if _, err := o.Renew(29*s, "dosing", 29*s+2*time.Minute, 0); !errors.Is(err, lease.ErrInvalid) {
		t.Errorf("renew too long: %v, want invalid", err)
	}
}

func TestAClockThatJumpsBackRevivesNothing(t *testing.T) {
	o := granted(t, lease.Lease{Owner: "dosing", Value: 80, Until: 10 * s})
	o, ended := o.Expire(10 * s)
	if back := o.Value(s); !ended || back != 0 {
		t.Errorf("ended %t, value after the jump = %v %%, want 0 %%", ended, back)
	}
	if _, err := o.Renew(s, "dosing", 5*s, 0); !errors.Is(err, lease.ErrNotHeld) {
		t.Errorf("renew after the jump: %v, want not held", err)
	}
	if _, err := o.Grant(s, lease.Lease{Owner: "dosing", Value: 80, Until: 5 * s}); !errors.Is(err, lease.ErrInvalid) {
		t.Errorf("grant that ends in the known past: %v, want invalid", err)
	}
}

func TestFenceEndsOlderEpochs(t *testing.T) {
	o := granted(t, lease.Lease{Owner: "dosing", Value: 80, Until: 10 * s, Epoch: 3})
	if o := o.Fence(s, 3); o.Value(s) != 80 {
		t.Errorf("value fenced at its own epoch = %v %%, want 80 %%", o.Value(s))
	}
	o = o.Fence(s, 4)
	if o.Value(s) != 0 || o.Epoch() != 4 {
		t.Errorf("fenced: %v %%, epoch %d, want 0 %%, 4", o.Value(s), o.Epoch())
	}
}

func TestBadSpecsAreRefused(t *testing.T) {
	for _, spec := range []lease.Spec{
		{}, {Name: "x", Max: 100}, {Name: "x", Max: 100, MaxLease: -s}, {Name: "x", Safe: 1, MaxLease: s},
		{Name: "x", Max: math.Inf(1), MaxLease: s}, {Name: "x", Safe: math.NaN(), Max: 1, MaxLease: s}, {Name: "x", Min: 1, Max: 0, MaxLease: s},
	} {
		if _, err := lease.New(spec); err == nil {
			t.Errorf("spec %+v was accepted", spec)
		}
	}
	if _, err := lease.NewTable(pump, pump); err == nil {
		t.Error("two outputs of one name were accepted")
	}
}

// model is the plain truth about one output: the last grant that was obeyed.
type model struct {
	l    lease.Lease
	seen time.Duration
}

func (m model) value(now time.Duration) float64 {
	if m.l.Owner != "" && max(now, m.seen) < m.l.Until {
		return m.l.Value
	}
	return 0
}

// TestNoSequenceOutlivesADeadline runs random commands with random time jumps,
// back and forth, against the plain model, and checks at every step, and at
// times nobody was asked at, that the driven value is the living lease's or safe.
func TestNoSequenceOutlivesADeadline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}
		specs := make([]lease.Spec, len(names))
		for i, n := range names {
			specs[i] = lease.Spec{Name: n, Max: 100, MaxLease: time.Minute}
		}
		table, err := lease.NewTable(specs...)
		if err != nil {
			t.Fatal(err)
		}
		truth := map[string]model{}
		limit := map[string]time.Duration{} // no non-safe value at or after it
		now := time.Duration(0)
		owner := rapid.SampledFrom([]string{"dosing", "manual", ""})
		jump := rapid.OneOf(rapid.Int64Range(0, int64(20*s)), rapid.Int64Range(-int64(time.Hour), int64(time.Hour)))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = max(0, now+time.Duration(jump.Draw(t, "jump")))
			name := rapid.SampledFrom(names).Draw(t, "output")
			m := truth[name]
			switch rapid.IntRange(0, 6).Draw(t, "op") {
			case 0, 1:
				l := lease.Lease{Owner: owner.Draw(t, "owner"), Value: rapid.Float64Range(-10, 110).Draw(t, "value"),
					Until: now + time.Duration(rapid.Int64Range(-int64(s), int64(90*s)).Draw(t, "for")), Epoch: rapid.Uint64Range(0, 3).Draw(t, "epoch")}
				living := m.value(now) != 0 || max(now, m.seen) < m.l.Until
				if _, err := table.Grant(now, name, l); err == nil {
					if living && m.l.Owner != "" && m.l.Owner != l.Owner {
						t.Fatalf("%s took %s from %s", l.Owner, name, m.l.Owner)
					}
					if l.Until > max(now, m.seen)+time.Minute || l.Until <= now || l.Value < 0 || l.Value > 100 || l.Owner == "" {
						t.Fatalf("granted %+v at %v", l, now)
					}
					m.l = l
				}
			case 2:
				until := now + time.Duration(rapid.Int64Range(-int64(s), int64(90*s)).Draw(t, "for"))
				if _, err := table.Renew(now, name, owner.Draw(t, "owner"), until, 3); err == nil {
					m.l.Until = until
				}
			case 3:
				who := owner.Draw(t, "owner")
				if _, err := table.Release(now, name, who); err != nil {
					t.Fatal(err)
				}
				if m.l.Owner == who {
					m.l = lease.Lease{}
				}
			case 4:
				who := owner.Draw(t, "owner")
				table.ReleaseAll(now, who)
				for n, m := range truth {
					if m.seen = max(m.seen, now); m.l.Owner == who {
						m.l = lease.Lease{}
					}
					truth[n] = m
				}
				if m.l.Owner == who {
					m.l = lease.Lease{}
				}
			case 5:
				table.HaltAll(now)
				for n := range truth {
					truth[n] = model{seen: max(truth[n].seen, now)}
				}
				m.l = lease.Lease{}
			case 6:
				ended, next, more := table.Expire(now)
				for _, d := range ended {
					if d.Value != 0 {
						t.Fatalf("ended lease drives %+v", d)
					}
				}
				if more && next <= now {
					t.Fatalf("next deadline %v is not after %v", next, now)
				}
				for n, m := range truth {
					m.seen = max(m.seen, now)
					truth[n] = m
				}
			}
			m.seen = max(m.seen, now)
			truth[name], limit[name] = m, m.l.Until
			for _, ahead := range []time.Duration{0, time.Millisecond, 30 * s, 59 * s, 2 * time.Minute, time.Hour} {
				for i, d := range table.Drives(now + ahead) {
					if d.Output != names[i] {
						t.Fatalf("order of outputs: %s at %d", d.Output, i)
					}
					if want := truth[d.Output].value(now + ahead); d.Value != want {
						t.Fatalf("%s at %v drives %v, want %v", d.Output, now+ahead, d.Value, want)
					}
					if d.Value != 0 && now+ahead >= limit[d.Output] {
						t.Fatalf("%s drives %v past its deadline %v", d.Output, d.Value, limit[d.Output])
					}
				}
			}
		}
	})
}

func TestTableFencesAndFindsTheNextDeadline(t *testing.T) {
	table, err := lease.NewTable(lease.Spec{Name: "b", Max: 100, MaxLease: time.Minute}, lease.Spec{Name: "a", Max: 100, MaxLease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := table.Deadline(); ok {
		t.Error("a table without leases has a deadline")
	}
	for name, epoch := range map[string]uint64{"a": 1, "b": 2} {
		if d, err := table.Grant(0, name, lease.Lease{Owner: name, Value: 7, Until: time.Duration(epoch) * s, Epoch: epoch}); err != nil || d.Value != 7 {
			t.Fatal(d, err)
		}
	}
	if next, ok := table.Deadline(); !ok || next != s {
		t.Errorf("next deadline = %v %t, want 1s", next, ok)
	}
	if ended := table.Fence(0, 2); len(ended) != 1 || ended[0] != (lease.Drive{Output: "a", Value: 0}) {
		t.Errorf("fenced = %v, want a at 0", ended)
	}
	if _, err := table.Grant(0, "z", lease.Lease{}); !errors.Is(err, lease.ErrUnknown) {
		t.Errorf("unknown output: %v", err)
	}
	if o, ok := table.Output("b"); !ok || o.Value(0) != 7 || o.Spec().Name != "b" {
		t.Errorf("output b = %+v %t", o, ok)
	}
}

func ExampleOutput_Grant() {
	out, _ := lease.New(lease.Spec{Name: "media", Max: 100, MaxLease: time.Minute})
	out, _ = out.Grant(0, lease.Lease{Owner: "dosing", Value: 100, Until: 11 * time.Second})
	_, err := out.Grant(time.Second, lease.Lease{Owner: "manual", Value: 50, Until: 5 * time.Second})
	fmt.Println(err)
	fmt.Println(out.Value(10*time.Second), out.Value(11*time.Second))
	// Output:
	// lease: media: held by dosing until 11s; wait or let it be released
	// 100 0
}
