package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
)

// life is one twin with all that was read from it.
type life struct {
	*Board
	clock *hwtest.Virtual
	read  []any
}

func newLife(t testing.TB, cfg Config, start time.Duration) *life {
	clock := hwtest.NewClock()
	clock.Advance(start)
	b, err := New(cfg, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &life{Board: b, clock: clock}
}

// do is one thing that happens to a twin.
func (l *life) do(t testing.TB, what int, x float64) {
	switch {
	case what < 3:
		set(t, pumpOf(t, l.Board, hw.PumpRoles[what]), 100*x)
	case what == 3:
		set(t, l.Stirrer(), 100*x)
	case what == 4:
		heater, _ := l.Heater()
		set(t, heater, 20*x)
	case what == 5:
		set(t, ledOf(t, l.Board, "A"), 100*x)
	case what == 6:
		l.look(t)
	case what == 7:
		l.clock.Advance(time.Duration(x * 100 * float64(time.Second)))
	case what == 8:
		l.clock.Advance(time.Duration(x * 10 * float64(time.Hour)))
	case what == 9:
		kinds := FaultKinds()
		f := Fault{Kind: kinds[int(x*float64(len(kinds)-1))]}
		form := forms[f.Kind]
		if form.targets != nil {
			f.Target = form.targets[len(form.targets)-1]
		}
		if form.valued {
			f.Value = 0.3
		}
		if err := l.Inject(f); err != nil && f.Kind != Sample {
			t.Fatal(err)
		}
	case what == 10:
		for _, f := range l.Faults() {
			if err := l.Clear(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// look reads every sensor.
func (l *life) look(t testing.TB) {
	burst, err := l.Photodiodes().Burst(hw.Plan{0, time.Millisecond, time.Second}, []int{1, 2})
	l.read = append(l.read, fmt.Sprint(burst, err))
	thermometer, _ := l.Thermometer()
	c, err := thermometer.TemperatureC()
	l.read = append(l.read, fmt.Sprint(c, err))
	tacho, _ := l.Tachometer()
	e, err := tacho.Edges()
	l.read = append(l.read, e, fmt.Sprint(err))
	truth := l.Truth()
	truth.At = 0
	l.read = append(l.read, truth)
}

// since expresses a tachometer's reading in counts and time since the cut.
func since(read []any, cut hw.Edges, at time.Duration) []any {
	var out []any
	for _, r := range read {
		if e, ok := r.(hw.Edges); ok {
			e.Count -= cut.Count
			e.Last = max(e.Last-at, 0)
			if e.Count == 0 {
				e.Last = 0
			}
			r = e
		}
		out = append(out, r)
	}
	return out
}

// A vial whose process ended and began again is the vial whose outputs were
// halted meanwhile, to the last bit.
func TestRestoredTwinIsTheHaltedOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := DefaultConfig()
		cfg.Seed, cfg.EvaporationMLPerH, cfg.IC50DriftPerGeneration = rapid.Uint64().Draw(rt, "seed"), 0.02, 0.1
		halted := newLife(t, cfg, rapid.SampledFrom([]time.Duration{0, 3 * time.Hour}).Draw(rt, "start"))
		things := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 {
			return float64(rapid.IntRange(0, 10).Draw(t, "what")) + rapid.Float64Range(0, 0.999).Draw(t, "x")
		}), 0, 30)
		for _, thing := range things.Draw(rt, "before") {
			if what := int(thing); !broken(halted, what) {
				halted.do(t, what, thing-float64(what))
			}
		}
		if err := halted.Halt(); err != nil {
			rt.Fatal(err)
		}
		snapshot, err := halted.Snapshot()
		if err != nil {
			rt.Fatal(err)
		}
		cut, at := halted.stirrer.edges, halted.clock.Now()
		restored := newLife(t, cfg, 17*time.Second)
		offset := restored.clock.Now()
		if err := restored.Restore(snapshot); err != nil {
			rt.Fatal(err)
		}
		halted.read = nil
		frozen := halted.faults.deadTacho != nil
		for _, thing := range append(things.Draw(rt, "after"), 6) {
			if what := int(thing); !broken(halted, what) {
				halted.do(t, what, thing-float64(what))
				restored.do(t, what, thing-float64(what))
			}
		}
		if frozen { // a dead tachometer's count means nothing
			cut, at, offset = hw.Edges{}, 0, 0
			dropEdges(halted.read)
			dropEdges(restored.read)
		}
		got, want := since(restored.read, hw.Edges{}, offset), since(halted.read, cut, at)
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) && fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
				rt.Fatalf("reading %d:\n%+v\nwant\n%+v", i, got[i], want[i])
			}
		}
	})
}

// broken tells that what sets a pump that refuses.
func broken(l *life, what int) bool { return what < len(l.pumps) && l.pumps[what].broken }

func dropEdges(read []any) {
	for i := range read {
		if _, ok := read[i].(hw.Edges); ok {
			read[i] = nil
		}
	}
}

func TestRestoreSwitchesEverythingOff(t *testing.T) {
	b, clock := open(t, nil)
	snapshot, err := b.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	dose(t, b, clock, hw.Media, 1)
	set(t, b.Stirrer(), 50)
	set(t, ledOf(t, b, "A"), 80)
	if err := b.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	for name, percent := range b.OutputsPct() {
		if percent != 0 {
			t.Errorf("%s is at %v %% after Restore", name, percent)
		}
	}
	within(t, "volume in mL", b.Truth().VolumeML, 15, 0)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Snapshot(); err != nil {
		t.Errorf("Snapshot of a closed board: %v", err)
	}
	if err := b.Restore(snapshot); err != ErrClosed {
		t.Errorf("Restore of a closed board: %v", err)
	}
}

// A changed parameter or wiring is no other vial.
func TestRestoreTakesTheNewParameters(t *testing.T) {
	b, clock := open(t, nil)
	clock.Advance(4 * time.Hour)
	snapshot, err := b.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	next, _ := open(t, func(c *Config) { c.MuMaxPerH, c.Channels = 0, map[string]string{"1": "REF", "3": "135"} })
	if err := next.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	if got, want := next.Truth().ODAU, b.Truth().ODAU; got != want || next.Truth().MuPerH != 0 {
		t.Errorf("OD = %v AU, want %v, growing at %v", got, want, next.Truth().MuPerH)
	}
}

// reseal writes a twin as Snapshot would, after change.
func reseal(t testing.TB, snapshot []byte, old, text string) []byte {
	t.Helper()
	var s sealed
	if err := json.Unmarshal(snapshot, &s); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(s.Twin, []byte(old)) {
		t.Fatalf("no %s in %s", old, s.Twin)
	}
	s.Twin = bytes.Replace(s.Twin, []byte(old), []byte(text), 1)
	s.CRC32 = crc32.ChecksumIEEE(s.Twin)
	out, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUnfitSnapshotIsRefusedAndChangesNothing(t *testing.T) {
	b, _ := open(t, nil)
	if err := b.Inject(Fault{Kind: Hum, Value: 0.1}); err != nil {
		t.Fatal(err)
	}
	good, err := b.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		data []byte
		want string
	}{
		"empty":        {nil, "not a snapshot of a twin"},
		"foreign JSON": {[]byte(`{"volume":15}`), "not a snapshot of a twin"},
		"cut short":    {good[:len(good)-9], "not a snapshot of a twin"},
		"one digit":    {bytes.Replace(good, []byte(`"volume_ml":15`), []byte(`"volume_ml":14`), 1), "its checksum does not fit"},
		"from the future": {bytes.Replace(good, []byte(`"pioactor_twin":1`), []byte(`"pioactor_twin":2`), 1),
			"the snapshot is of version 2, this program reads 1"},
		"another vial":   {reseal(t, good, `"seed":1`, `"seed":2`), "the snapshot is of another vial"},
		"too full":       {reseal(t, good, `"volume_ml":15`, `"volume_ml":25`), "volume_ml = 25: must be"},
		"negative cells": {reseal(t, good, `"od_au":0.05`, `"od_au":-1`), "od_au = -1: must be"},
		"wrong type":     {reseal(t, good, `"od_au":0.05`, `"od_au":"x"`), "the snapshot is damaged"},
		"no such fault":  {reseal(t, good, `"Kind":"hum"`, `"Kind":"rust"`), `unknown kind "rust"`},
		"no lasting one": {reseal(t, good, `"Kind":"hum"`, `"Kind":"sample"`), "fault sample:0.1 cannot be active"},
		"random numbers": {reseal(t, good, `"optics":"cGNnO`, `"optics":"cGNnA`), "random numbers of the optics"},
	}
	for name, c := range cases {
		before, faults := b.Truth(), b.Faults()
		err := b.Restore(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "sim: restore: ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if b.Truth() != before || !reflect.DeepEqual(b.Faults(), faults) {
			t.Errorf("%s: changed the twin", name)
		}
	}
}

// Whatever is restored, the twin stays a vial; whatever is refused changed nothing.
func FuzzRestore(f *testing.F) {
	b, clock := open(f, nil)
	clock.Advance(time.Hour)
	for _, fault := range []Fault{{Kind: ThermometerFrozen}, {Kind: AirInLine, Target: "media", Value: 2}} {
		if err := b.Inject(fault); err != nil {
			f.Fatal(err)
		}
	}
	snapshot, err := b.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	var s sealed
	if err := json.Unmarshal(snapshot, &s); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(s.Twin), true)
	f.Add(snapshot, false)
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		if seal {
			var compact bytes.Buffer
			if err := json.Compact(&compact, data); err != nil {
				return // not JSON
			}
			data, _ = json.Marshal(sealed{snapshotVersion, crc32.ChecksumIEEE(compact.Bytes()), compact.Bytes()})
		}
		b, clock := open(t, nil)
		before := b.Truth()
		if err := b.Restore(data); err != nil {
			if b.Truth() != before {
				t.Error("refused, and changed the twin")
			}
			return
		}
		set(t, b.Stirrer(), 100)
		clock.Advance(time.Minute)
		truth := b.Truth()
		for name, v := range map[string]float64{"OD": truth.ODAU, "µ": truth.MuPerH, "mL": truth.VolumeML, "°C": truth.VialC, "rpm": truth.RPM} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s = %v", name, v)
			}
		}
		if _, err := b.Snapshot(); err != nil {
			t.Error(err)
		}
	})
}
