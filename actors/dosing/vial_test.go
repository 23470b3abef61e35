package dosing_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device/devicetest"
	"github.com/pioactor/pioactor/actors/dosing"
	"github.com/pioactor/pioactor/actors/state"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func lastDosed(t *testing.T, r *devicetest.Rig) actors.Dosed {
	t.Helper()
	all := devicetest.Of[actors.Dosed](r)
	if len(all) == 0 {
		t.Fatal("no Dosed")
	}
	return all[len(all)-1]
}

func TestExchangeKeepsTheVolumeAndTellsItsStep(t *testing.T) {
	r := devicetest.Start(t, 1)
	a := r.Do("vial", actors.Dose{MediaML: 1.5, WasteML: 1.5})
	if !a.OK || a.Value != a.ID {
		t.Fatalf("answer %+v, want accepted with its ID", a)
	}
	r.Run(5 * time.Minute)
	d, v := lastDosed(t, r), r.Vial()
	want := 2 * -math.Log1p(0.75/15)
	if !near(d.MediaML, 1.5) || !near(d.WasteML, 1.5) || !near(d.LnStep, want) || d.Cut != "" {
		t.Errorf("dosed %+v, want 1.5 mL in two parts, step %v", d, want)
	}
	if !near(v.VolumeML, 15) || v.OwedWasteML != 0 || !near(v.Generations, -want/math.Ln2) || !near(v.DilutionRatePerH, -want) {
		t.Errorf("vial %+v, want 15 mL and nothing owed", v)
	}
	if s := devicetest.Of[actors.DoseStarted](r); len(s) != 1 || !near(s[0].LnStep, want) {
		t.Errorf("started %+v, want once, expecting %v", s, want)
	}
	if on, want := r.Board.Outs["pump/waste"].OnS, 3*1.5/devicetest.SlopeMLPerS; !near(on, want) {
		t.Errorf("waste pump on for %v s, want %v", on, want)
	}
	if n := len(devicetest.Of[actors.DosingEvent](r)); n != 4 {
		t.Errorf("%d events, want 4: two in, two out", n)
	}
	r.Run(time.Hour)
	if d := r.Vial().DilutionRatePerH; d != 0 {
		t.Errorf("an hour later the dilution rate is %v, want 0", d)
	}
	r.AtEnd()
}

func TestRepeatedDoseIsAnsweredFromMemory(t *testing.T) {
	store := state.NewMemory()
	r := devicetest.New(t, devicetest.Options{Seed: 1, Store: store}).Start()
	dose := actors.Dose{MediaML: 0.5, WasteML: 0.5}
	first := r.Do("vial", dose)
	r.Run(time.Minute)
	again := devicetest.New(t, devicetest.Options{Seed: 2, Store: store}).Start()
	var a actors.Reply
	again.System.Do(actors.Command{ID: first.ID, Target: "vial", Body: dose}, func(got actors.Reply) { a = got })
	again.Run(time.Minute)
	if !a.OK || a.Value != first.ID || again.Board.Outs["pump/media"].OnS != 0 {
		t.Errorf("answer %+v and media on for %v s, want the first answer and no pump", a, again.Board.Outs["pump/media"].OnS)
	}
}

func TestDoseIsRefused(t *testing.T) {
	cases := map[string]struct {
		code  string
		dose  actors.Dose
		first func(*devicetest.Rig)
	}{
		"too full":         {"overfill", actors.Dose{MediaML: 3}, nil},
		"nothing":          {"invalid", actors.Dose{}, nil},
		"not a number":     {"invalid", actors.Dose{MediaML: math.NaN()}, nil},
		"less waste":       {"invalid", actors.Dose{MediaML: 1, WasteML: 0.5}, nil},
		"volume and time":  {"invalid", actors.Dose{MediaML: 1, Pump: "media", For: time.Second}, nil},
		"unknown pump":     {"invalid", actors.Dose{Pump: "soup", For: time.Second}, nil},
		"too long":         {"overfill", actors.Dose{Pump: "media", For: time.Minute}, nil},
		"too much an hour": {"rate_cap", actors.Dose{MediaML: 46, WasteML: 46}, nil},
		"stirrer stalled": {"stirring_stalled", actors.Dose{MediaML: 1, WasteML: 1}, func(r *devicetest.Rig) {
			r.System.Publish("", actors.Alarm{Name: "stirring_stalled", Active: true})
		}},
		"observers behind": {"observers_behind", actors.Dose{MediaML: 1, WasteML: 1}, func(r *devicetest.Rig) {
			r.System.Tap(1, false)
			r.System.Publish("", actors.Alarm{Name: "any", Active: true})
			r.System.Publish("", actors.Alarm{Name: "other", Active: true})
		}},
		"disk full": {"not_saved", actors.Dose{MediaML: 1, WasteML: 1}, func(r *devicetest.Rig) { r.Store.Break(errors.New("disk full")) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := devicetest.Start(t, 3)
			if tc.first != nil {
				tc.first(r)
			}
			a := r.Do("vial", tc.dose)
			told := devicetest.Of[actors.DoseRefused](r)
			if a.OK || a.Code != tc.code || len(told) != 1 || told[0].Code != tc.code {
				t.Errorf("answer %+v, told %+v, want %s", a, told, tc.code)
			}
			r.Run(time.Minute)
			if on := r.Board.Outs["pump/media"].OnS; on != 0 {
				t.Errorf("media on for %v s, want 0", on)
			}
		})
	}
}

func TestWasteIsAllowedWhileTheDiskIsFull(t *testing.T) {
	r := devicetest.Start(t, 3)
	r.Store.Break(errors.New("disk full"))
	if a := r.Do("vial", actors.Dose{WasteML: 1}); !a.OK {
		t.Errorf("refused: %s", a.Reason)
	}
	r.Run(time.Minute)
	if on := r.Board.Outs["pump/waste"].OnS; !near(on, 1/devicetest.SlopeMLPerS) || !r.Alarm("vial_not_saved") {
		t.Errorf("waste on for %v s, alarm %v; want %v and the alarm", on, r.Alarm("vial_not_saved"), 1/devicetest.SlopeMLPerS)
	}
}

func TestABottleIsBelievedWhileTheDiskIsFull(t *testing.T) {
	r := devicetest.Start(t, 3)
	r.Store.Break(errors.New("disk full"))
	if a := r.Do("vial", actors.SetBottle{Bottle: "media", ML: 77}); !a.OK || !r.Alarm("vial_not_saved") {
		t.Fatalf("%+v, alarm %v; want it believed, and the alarm", a, r.Alarm("vial_not_saved"))
	}
	r.Store.Break(nil)
	r.Run(time.Minute)
	after := devicetest.New(t, devicetest.Options{Seed: 4, Store: r.Store}).Start()
	if b, _ := actors.LatestOf[actors.Bottles](after.System, ""); b.Media.ML != 77 || r.Alarm("vial_not_saved") {
		t.Errorf("after a power cut %+v, alarm %v; want 77 mL and none", b.Media, r.Alarm("vial_not_saved"))
	}
}

func TestStopEndsTheInflowAndTheQueue(t *testing.T) {
	r := devicetest.Start(t, 5)
	for range 3 {
		r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1})
	}
	r.Run(3 * time.Second)
	r.Do("vial", actors.StopDosing{Reason: "enough"})
	r.Run(5 * time.Minute)
	first := lastDosed(t, r)
	if n := len(devicetest.Of[actors.Dosed](r)); n != 3 || !near(first.MediaML, 3*devicetest.SlopeMLPerS) || !strings.Contains(first.Cut, "enough") {
		t.Errorf("%d Dosed, the running one %+v; want 3, and %v mL", n, first, 3*devicetest.SlopeMLPerS)
	}
	if v := r.Vial(); v.OwedWasteML != 0 || !near(v.VolumeML, 15) {
		t.Errorf("vial %+v, want nothing owed at 15 mL", v)
	}
	r.AtEnd()
}

func TestDoseEndsWithTheJobThatWantsIt(t *testing.T) {
	r := devicetest.Start(t, 6)
	r.Send("job1", actors.Dose{MediaML: 1, WasteML: 1})
	r.Run(3 * time.Second)
	r.Crash("job1")
	r.Run(5 * time.Minute)
	if d := lastDosed(t, r); !near(d.MediaML, 3*devicetest.SlopeMLPerS) || d.Cut == "" || r.Vial().OwedWasteML != 0 {
		t.Errorf("dosed %+v, want 3 s of media and all waste out", d)
	}
	r.AtEnd()
}

func TestCrashInMidDoseCountsTheWorstAndDrainsFirst(t *testing.T) {
	for name, crash := range map[string]func(*devicetest.Rig) *devicetest.Rig{
		"of the vial's actor": func(r *devicetest.Rig) *devicetest.Rig { r.Crash("vial"); return r },
		"of the process": func(r *devicetest.Rig) *devicetest.Rig {
			n := devicetest.New(r.T, devicetest.Options{Seed: 8, Store: r.Store})
			n.Inherit(r)
			return n.Start()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := devicetest.Start(t, 7)
			r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1})
			r.Run(3 * time.Second)
			r = crash(r)
			media := r.Board.Outs["pump/media"].OnS
			r.Run(time.Second)
			if d := lastDosed(t, r); d.Cut != "crash" || d.MediaML < 1 || !r.Alarm("dose_interrupted") {
				t.Errorf("dosed %+v, alarm %v; want cut by the crash, at least 1 mL counted, an alarm", d, r.Alarm("dose_interrupted"))
			}
			r.Do("vial", actors.Dose{MediaML: 0.5, WasteML: 0.5})
			r.Run(time.Second)
			if r.Board.Outs["pump/media"].OnS != media || r.Board.Outs["pump/waste"].Percent == 0 {
				t.Error("waste is not drained first")
			}
			r.Run(5 * time.Minute)
			if on := r.Board.Outs["pump/media"].OnS - media; !near(on, 0.5/devicetest.SlopeMLPerS) || r.Alarm("dose_interrupted") || r.Vial().OwedWasteML != 0 {
				t.Errorf("media on for %v s more, alarm %v; want only the new dose, and no alarm", on, r.Alarm("dose_interrupted"))
			}
		})
	}
}

func TestPumpThatDoesNotObeyEndsTheDose(t *testing.T) {
	r := devicetest.Start(t, 9)
	r.Board.Outs["pump/waste"].Broken = true
	r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1})
	r.Run(30 * time.Second)
	d := lastDosed(t, r)
	if !near(d.MediaML, 1) || d.WasteML != 0 || d.Cut == "" || !r.Alarm("dose_interrupted") || !near(r.Vial().OwedWasteML, 1) {
		t.Errorf("dosed %+v, owed %v mL; want 1 mL in, none out, 1 mL owed, an alarm", d, r.Vial().OwedWasteML)
	}
	if a := r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1}); a.Code != "drain_first" {
		t.Errorf("next dose answered %+v, want drain_first", a)
	}
	r.Board.Outs["pump/waste"].Broken = false
	r.Run(3 * time.Minute)
	if owed := r.Vial().OwedWasteML; owed != 0 {
		t.Errorf("owed %v mL after the pump works again, want 0", owed)
	}
}

func TestVialAboveItsEffluxTubeIsDrainedFirst(t *testing.T) {
	r := devicetest.Start(t, 1)
	r.Board.VolumeML = 17.5
	if a := r.Do("vial", actors.SetVial{VolumeML: &r.Board.VolumeML}); !a.OK {
		t.Fatal(a.Reason)
	}
	if a := r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1}); !a.OK {
		t.Fatal(a.Reason)
	}
	r.Run(5 * time.Minute)
	if d := lastDosed(t, r); !near(d.WasteML, 3.5) || !near(r.Vial().VolumeML, 15) {
		t.Errorf("dosed %+v, want 3.5 mL of waste", d)
	}
	r.AtEnd()
}

func ml(x float64) *float64 { return &x }

func TestSampleAndSwapChangeTheBooks(t *testing.T) {
	r := devicetest.Start(t, 1)
	r.Do("vial", actors.SampleTaken{ML: 1})
	if v := r.Vial().VolumeML; v != 14 {
		t.Errorf("%v mL after a sample of 1 mL, want 14", v)
	}
	if a := r.Do("vial", actors.SwapVial{VolumeML: ml(10), EffluxML: ml(25)}); a.OK {
		t.Error("an efflux tube above the rim is accepted")
	}
	r.Do("vial", actors.SwapVial{VolumeML: ml(10), EffluxML: ml(12), AltFraction: ml(0.5)})
	if v := r.Vial(); v.VolumeML != 10 || v.AltFraction != 0.5 || v.EffluxML != 12 {
		t.Errorf("vial %+v after the swap, want 10 mL, half alt media", v)
	}
	if d := devicetest.Of[actors.Disturbance](r); len(d) != 2 {
		t.Errorf("%d disturbances, want 2", len(d))
	}
	r.Do("vial", actors.Dose{WasteML: 1})
	r.Run(time.Second)
	if a := r.Do("vial", actors.SampleTaken{ML: 1}); a.Code != "busy" {
		t.Errorf("a sample in mid-dose answered %+v, want busy", a)
	}
}

func TestBrokenBooksAskForAPerson(t *testing.T) {
	for _, broken := range []string{`{"version":1,"ledger":{}}`, `{"version":1,"ledger":null}`, `{"version":1}`, `{`} {
		store := state.NewMemory()
		if err := store.Save("vial", []byte(broken)); err != nil {
			t.Fatal(err)
		}
		r := devicetest.New(t, devicetest.Options{Seed: 1, Store: store}).Start()
		dose := actors.Dose{MediaML: 1, WasteML: 1}
		if a := r.Do("vial", dose); a.Code != "needs_human" || !r.Alarm("dose_interrupted") {
			t.Errorf("%s: answer %+v, want needs_human", broken, a)
		}
		volume := 15.0
		r.Do("vial", actors.SetVial{VolumeML: &volume})
		r.Do("vial", actors.Acknowledge{Name: "dose_interrupted"})
		if a := r.Do("vial", dose); !a.OK {
			t.Errorf("%s: after a person looked: %s", broken, a.Reason)
		}
	}
}

func TestOrderlyStopCountsWhatMoved(t *testing.T) {
	store := state.NewMemory()
	r := devicetest.New(t, devicetest.Options{Seed: 1, Store: store}).Start()
	r.Do("vial", actors.Dose{MediaML: 1, WasteML: 1})
	r.Run(3 * time.Second)
	r.System.Stop("node")
	r.Run(time.Second)
	if d := lastDosed(t, r); !near(d.MediaML, 3*devicetest.SlopeMLPerS) || d.Cut != "shutdown" {
		t.Errorf("dosed %+v, want 3 s of media, cut by the shutdown", d)
	}
	n := devicetest.New(t, devicetest.Options{Seed: 2, Store: store})
	n.Board.VolumeML = r.Board.VolumeML
	n.Start()
	n.Run(time.Minute)
	if len(devicetest.Of[actors.Dosed](n)) != 0 || n.Vial().OwedWasteML != 0 || !near(n.Vial().VolumeML, 15) {
		t.Errorf("after the next start %+v, want the owed waste out and no Dosed again", n.Vial())
	}
}

func TestConfigRefusesNonsense(t *testing.T) {
	if err := dosing.DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*dosing.Config){
		"slope":  func(c *dosing.Config) { c.MediaSlopeMLPerS = 0 },
		"pause":  func(c *dosing.Config) { c.PauseBetweenSubdoses = -1 },
		"bottle": func(c *dosing.Config) { c.Media.WasteML = -1 },
	} {
		c := dosing.DefaultConfig()
		if spoil(&c); c.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	c := dosing.DefaultConfig()
	c.EffluxTubeVolumeML = 17.5
	if _, err := dosing.Spec(devicetest.NewBoard(func() time.Duration { return 0 }), c); err == nil {
		t.Error("an efflux tube too high for the largest sub-dose is accepted")
	}
}
