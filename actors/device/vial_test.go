package device

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/state"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func lastDosed(t *testing.T, r *rig) actors.Dosed {
	t.Helper()
	all := of[actors.Dosed](r)
	if len(all) == 0 {
		t.Fatal("no Dosed")
	}
	return all[len(all)-1]
}

func atEnd(t *testing.T, r *rig) {
	t.Helper()
	if broken := r.check.end(); len(broken) > 0 {
		t.Error(broken)
	}
}

func TestExchangeKeepsTheVolumeAndTellsItsStep(t *testing.T) {
	r := quietRig(t, 1)
	a := r.do("vial", actors.Dose{MediaML: 1.5, WasteML: 1.5})
	if !a.OK || a.Value != a.ID {
		t.Fatalf("answer %+v, want accepted with its ID", a)
	}
	r.run(5 * time.Minute)
	d, v := lastDosed(t, r), r.vial()
	want := 2 * -math.Log1p(0.75/15)
	if !near(d.MediaML, 1.5) || !near(d.WasteML, 1.5) || !near(d.LnStep, want) || d.Cut != "" {
		t.Errorf("dosed %+v, want 1.5 mL in two parts, step %v", d, want)
	}
	if !near(v.VolumeML, 15) || v.OwedWasteML != 0 || !near(v.Generations, -want/math.Ln2) || !near(v.DilutionRatePerH, -want) {
		t.Errorf("vial %+v, want 15 mL and nothing owed", v)
	}
	if s := of[actors.DoseStarted](r); len(s) != 1 || !near(s[0].LnStep, want) {
		t.Errorf("started %+v, want once, expecting %v", s, want)
	}
	if on, want := r.board.outs["pump/waste"].onS, 3*1.5/slope; !near(on, want) {
		t.Errorf("waste pump on for %v s, want %v", on, want)
	}
	if n := len(of[actors.DosingEvent](r)); n != 4 {
		t.Errorf("%d events, want 4: two in, two out", n)
	}
	r.run(time.Hour)
	if d := r.vial().DilutionRatePerH; d != 0 {
		t.Errorf("an hour later the dilution rate is %v, want 0", d)
	}
	atEnd(t, r)
}

func TestRepeatedDoseIsAnsweredFromMemory(t *testing.T) {
	store := state.NewMemory()
	r := newRig(t, 1, store, nil).start(benchConfig())
	dose := actors.Dose{MediaML: 0.5, WasteML: 0.5}
	first := r.do("vial", dose)
	r.run(time.Minute)
	again := newRig(t, 2, store, nil).start(benchConfig())
	var a actors.Reply
	again.sys.Do(actors.Command{ID: first.ID, Target: "vial", Body: dose}, func(got actors.Reply) { a = got })
	again.run(time.Minute)
	if !a.OK || a.Value != first.ID || again.board.outs["pump/media"].onS != 0 {
		t.Errorf("answer %+v and media on for %v s, want the first answer and no pump", a, again.board.outs["pump/media"].onS)
	}
}

func TestDoseIsRefused(t *testing.T) {
	cases := map[string]struct {
		code  string
		dose  actors.Dose
		first func(*rig)
	}{
		"too full":         {"overfill", actors.Dose{MediaML: 3}, nil},
		"nothing":          {"invalid", actors.Dose{}, nil},
		"not a number":     {"invalid", actors.Dose{MediaML: math.NaN()}, nil},
		"less waste":       {"invalid", actors.Dose{MediaML: 1, WasteML: 0.5}, nil},
		"volume and time":  {"invalid", actors.Dose{MediaML: 1, Pump: "media", For: time.Second}, nil},
		"unknown pump":     {"invalid", actors.Dose{Pump: "soup", For: time.Second}, nil},
		"too long":         {"overfill", actors.Dose{Pump: "media", For: time.Minute}, nil},
		"too much an hour": {"rate_cap", actors.Dose{MediaML: 46, WasteML: 46}, nil},
		"stirrer stalled": {"stirring_stalled", actors.Dose{MediaML: 1, WasteML: 1}, func(r *rig) {
			r.sys.Publish("", actors.Alarm{Name: "stirring_stalled", Active: true})
		}},
		"observers behind": {"observers_behind", actors.Dose{MediaML: 1, WasteML: 1}, func(r *rig) {
			r.sys.Tap(1, false)
			r.sys.Publish("", actors.Alarm{Name: "any", Active: true})
			r.sys.Publish("", actors.Alarm{Name: "other", Active: true})
		}},
		"disk full": {"not_saved", actors.Dose{MediaML: 1, WasteML: 1}, func(r *rig) { r.store.Break(errors.New("disk full")) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := quietRig(t, 3)
			if tc.first != nil {
				tc.first(r)
			}
			a := r.do("vial", tc.dose)
			told := of[actors.DoseRefused](r)
			if a.OK || a.Code != tc.code || len(told) != 1 || told[0].Code != tc.code {
				t.Errorf("answer %+v, told %+v, want %s", a, told, tc.code)
			}
			r.run(time.Minute)
			if on := r.board.outs["pump/media"].onS; on != 0 {
				t.Errorf("media on for %v s, want 0", on)
			}
		})
	}
}

func TestWasteIsAllowedWhileTheDiskIsFull(t *testing.T) {
	r := quietRig(t, 3)
	r.store.Break(errors.New("disk full"))
	if a := r.do("vial", actors.Dose{WasteML: 1}); !a.OK {
		t.Errorf("refused: %s", a.Reason)
	}
	r.run(time.Minute)
	if on := r.board.outs["pump/waste"].onS; !near(on, 1/slope) || !r.alarm("vial_not_saved") {
		t.Errorf("waste on for %v s, alarm %v; want %v and the alarm", on, r.alarm("vial_not_saved"), 1/slope)
	}
}

func TestStopEndsTheInflowAndTheQueue(t *testing.T) {
	r := quietRig(t, 5)
	for range 3 {
		r.do("vial", actors.Dose{MediaML: 1, WasteML: 1})
	}
	r.run(3 * time.Second)
	r.do("vial", actors.StopDosing{Reason: "enough"})
	r.run(5 * time.Minute)
	first := lastDosed(t, r)
	if n := len(of[actors.Dosed](r)); n != 3 || !near(first.MediaML, 3*slope) || !strings.Contains(first.Cut, "enough") {
		t.Errorf("%d Dosed, the running one %+v; want 3, and %v mL", n, first, 3*slope)
	}
	if v := r.vial(); v.OwedWasteML != 0 || !near(v.VolumeML, 15) {
		t.Errorf("vial %+v, want nothing owed at 15 mL", v)
	}
	atEnd(t, r)
}

func TestDoseEndsWithTheJobThatWantsIt(t *testing.T) {
	r := quietRig(t, 6)
	r.send("job1", actors.Dose{MediaML: 1, WasteML: 1})
	r.run(3 * time.Second)
	r.send("job1", boom{})
	r.run(5 * time.Minute)
	if d := lastDosed(t, r); !near(d.MediaML, 3*slope) || d.Cut == "" || r.vial().OwedWasteML != 0 {
		t.Errorf("dosed %+v, want 3 s of media and all waste out", d)
	}
	atEnd(t, r)
}

func TestCrashInMidDoseCountsTheWorstAndDrainsFirst(t *testing.T) {
	for name, crash := range map[string]func(*rig) *rig{
		"of the vial's actor": func(r *rig) *rig { r.do("vial", boom{}); return r },
		"of the process": func(r *rig) *rig {
			n := newRig(r.t, 8, r.store, nil)
			n.board.volumeML, n.asked = r.board.volumeML, r.asked
			n.check.crashed = true
			return n.start(benchConfig())
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := quietRig(t, 7)
			r.do("vial", actors.Dose{MediaML: 1, WasteML: 1})
			r.run(3 * time.Second)
			r = crash(r)
			media := r.board.outs["pump/media"].onS
			r.run(time.Second)
			if d := lastDosed(t, r); d.Cut != "crash" || d.MediaML < 1 || !r.alarm("dose_interrupted") {
				t.Errorf("dosed %+v, alarm %v; want cut by the crash, at least 1 mL counted, an alarm", d, r.alarm("dose_interrupted"))
			}
			r.do("vial", actors.Dose{MediaML: 0.5, WasteML: 0.5})
			r.run(time.Second)
			if r.board.outs["pump/media"].onS != media || r.board.outs["pump/waste"].value == 0 {
				t.Error("waste is not drained first")
			}
			r.run(5 * time.Minute)
			if on := r.board.outs["pump/media"].onS - media; !near(on, 0.5/slope) || r.alarm("dose_interrupted") || r.vial().OwedWasteML != 0 {
				t.Errorf("media on for %v s more, alarm %v; want only the new dose, and no alarm", on, r.alarm("dose_interrupted"))
			}
		})
	}
}

func TestPumpThatDoesNotObeyEndsTheDose(t *testing.T) {
	r := quietRig(t, 9)
	r.board.outs["pump/waste"].broken = true
	r.do("vial", actors.Dose{MediaML: 1, WasteML: 1})
	r.run(30 * time.Second)
	d := lastDosed(t, r)
	if !near(d.MediaML, 1) || d.WasteML != 0 || d.Cut == "" || !r.alarm("dose_interrupted") || !near(r.vial().OwedWasteML, 1) {
		t.Errorf("dosed %+v, owed %v mL; want 1 mL in, none out, 1 mL owed, an alarm", d, r.vial().OwedWasteML)
	}
	if a := r.do("vial", actors.Dose{MediaML: 1, WasteML: 1}); a.Code != "drain_first" {
		t.Errorf("next dose answered %+v, want drain_first", a)
	}
	r.board.outs["pump/waste"].broken = false
	r.run(3 * time.Minute)
	if owed := r.vial().OwedWasteML; owed != 0 {
		t.Errorf("owed %v mL after the pump works again, want 0", owed)
	}
}

func TestVialAboveItsEffluxTubeIsDrainedFirst(t *testing.T) {
	r := quietRig(t, 1)
	r.board.volumeML = 17.5
	if a := r.do("vial", actors.SetVial{VolumeML: &r.board.volumeML}); !a.OK {
		t.Fatal(a.Reason)
	}
	if a := r.do("vial", actors.Dose{MediaML: 1, WasteML: 1}); !a.OK {
		t.Fatal(a.Reason)
	}
	r.run(5 * time.Minute)
	if d := lastDosed(t, r); !near(d.WasteML, 3.5) || !near(r.vial().VolumeML, 15) {
		t.Errorf("dosed %+v, want 3.5 mL of waste", d)
	}
	atEnd(t, r)
}

func ml(x float64) *float64 { return &x }

func TestSampleAndSwapChangeTheBooks(t *testing.T) {
	r := quietRig(t, 1)
	r.do("vial", actors.SampleTaken{ML: 1})
	if v := r.vial().VolumeML; v != 14 {
		t.Errorf("%v mL after a sample of 1 mL, want 14", v)
	}
	if a := r.do("vial", actors.SwapVial{VolumeML: ml(10), EffluxML: ml(25)}); a.OK {
		t.Error("an efflux tube above the rim is accepted")
	}
	r.do("vial", actors.SwapVial{VolumeML: ml(10), EffluxML: ml(12), AltFraction: ml(0.5)})
	if v := r.vial(); v.VolumeML != 10 || v.AltFraction != 0.5 || v.EffluxML != 12 {
		t.Errorf("vial %+v after the swap, want 10 mL, half alt media", v)
	}
	if d := of[actors.Disturbance](r); len(d) != 2 {
		t.Errorf("%d disturbances, want 2", len(d))
	}
	r.do("vial", actors.Dose{WasteML: 1})
	r.run(time.Second)
	if a := r.do("vial", actors.SampleTaken{ML: 1}); a.Code != "busy" {
		t.Errorf("a sample in mid-dose answered %+v, want busy", a)
	}
}

func TestBrokenBooksAskForAPerson(t *testing.T) {
	for _, broken := range []string{`{"version":1,"ledger":{}}`, `{"version":1,"ledger":null}`, `{"version":1}`, `{`} {
		store := state.NewMemory()
		if err := store.Save(vialKey, []byte(broken)); err != nil {
			t.Fatal(err)
		}
		r := newRig(t, 1, store, nil).start(benchConfig())
		dose := actors.Dose{MediaML: 1, WasteML: 1}
		if a := r.do("vial", dose); a.Code != "needs_human" || !r.alarm("dose_interrupted") {
			t.Errorf("%s: answer %+v, want needs_human", broken, a)
		}
		volume := 15.0
		r.do("vial", actors.SetVial{VolumeML: &volume})
		r.do("vial", actors.Acknowledge{Name: "dose_interrupted"})
		if a := r.do("vial", dose); !a.OK {
			t.Errorf("%s: after a person looked: %s", broken, a.Reason)
		}
	}
}

func TestOrderlyStopCountsWhatMoved(t *testing.T) {
	store := state.NewMemory()
	r := newRig(t, 1, store, nil).start(benchConfig())
	r.do("vial", actors.Dose{MediaML: 1, WasteML: 1})
	r.run(3 * time.Second)
	r.sys.Stop("node")
	r.run(time.Second)
	if d := lastDosed(t, r); !near(d.MediaML, 3*slope) || d.Cut != "shutdown" {
		t.Errorf("dosed %+v, want 3 s of media, cut by the shutdown", d)
	}
	n := newRig(t, 2, store, nil)
	n.board.volumeML = r.board.volumeML
	n.start(benchConfig())
	n.run(time.Minute)
	if len(of[actors.Dosed](n)) != 0 || n.vial().OwedWasteML != 0 || !near(n.vial().VolumeML, 15) {
		t.Errorf("after the next start %+v, want the owed waste out and no Dosed again", n.vial())
	}
}
