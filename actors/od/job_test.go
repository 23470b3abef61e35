package od_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/od"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw/sim"
)

func simRig(t testing.TB, seed uint64, change func(*sim.Config)) (*rig, *sim.Board) {
	t.Helper()
	clk := clock.Virtual(epoch, seed)
	b := simBoard(t, clk, change)
	return newRig(t, clk, b, state.NewMemory()), b
}

func TestReadingsCarryWhereTheyCameFrom(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r, _ := simRig(t, seed, nil)
		r.startOD(t, nil)
		r.clk.Run(time.Minute)
		if len(r.asked) < 3 || r.asked[0].IRPercent != 0 || r.asked[0].KeepLEDs || r.asked[1].IRPercent != 80 {
			t.Fatalf("windows = %+v, want a dark one, then tuning at 80 %%", r.asked)
		}
		if n := len(r.sets); n != 12 {
			t.Errorf("sets of readings in the first minute = %d, want 12", n)
		}
		if len(r.each) != len(r.sets) || len(r.light) != len(r.sets) {
			t.Errorf("%d readings and %d relative intensities for %d sets", len(r.each), len(r.light), len(r.sets))
		}
		got := r.last(t)
		want(t, "reading", got.Quality, actors.Good, "")
		if got.Channel != 2 || got.Angle != "90" || got.IRPercent != 80 || math.Abs(got.DarkV-0.002) > 2e-4 || math.Abs(got.ReferenceV-1) > 0.01 {
			t.Errorf("reading = %+v", got)
		}
		if math.Abs(got.Value-got.Volts/got.ReferenceV) > 1e-9 || got.Experiment != "exp 1" {
			t.Errorf("OD = %v, want %v V over %v", got.Value, got.Volts, got.ReferenceV)
		}
		first, _ := actors.LatestOf[actors.SettingChanged](r.sys, od.Name+"/first_od_obs_time")
		if at, _ := first.Value.(float64); math.Abs(at-float64(r.each[0].At.UnixNano())/1e9) > 0.2 {
			t.Errorf("first_od_obs_time = %v, want just before %v", first.Value, r.each[0].At)
		}
	})
}

func TestHumIsRejected(t *testing.T) {
	read := func(hum, hz float64, mains string) []float64 {
		r, _ := simRig(t, 0, func(c *sim.Config) {
			c.Noise, c.ReadNoiseV, c.ShotNoiseSqrtV, c.ADCStepV = "none", 0, 0, 0
			c.MuMaxPerH, c.StirRipple, c.WarmUp, c.LEDDriftPerH = 0, 0, 0, 0
			c.HumV, c.MainsHz, c.InitialODAU = hum, hz, 0.5
		})
		r.startOD(t, map[string]any{"local_ac_hz": mains, "smoothing_penalizer": 0.0, "use_dark_offsets": false})
		r.clk.Run(5 * time.Minute)
		var ods []float64
		for _, o := range r.each {
			ods = append(ods, o.Value)
		}
		return ods
	}
	for _, hz := range []float64{50, 60} {
		clean, hummed, mean := read(0, hz, "auto"), read(0.01, hz, "auto"), read(0.01, hz, "none")
		if len(clean) != 60 || len(hummed) != 60 || len(mean) != 60 {
			t.Fatalf("readings = %d, %d, %d, want 60 each", len(clean), len(hummed), len(mean))
		}
		worst, unfitted := 0.0, 0.0
		for i := range clean {
			worst = math.Max(worst, math.Abs(hummed[i]/clean[i]-1))
			unfitted = math.Max(unfitted, math.Abs(mean[i]/clean[i]-1))
		}
		t.Logf("%v Hz, 10 mV: worst error %.2g; %.2g when not taken out", hz, worst, unfitted)
		if worst > 1e-6 || unfitted < 100*worst {
			t.Errorf("%v Hz: error %.3g, want at most 1e-6; without regression %.3g", hz, worst, unfitted)
		}
	}
}

func TestPhaseIsKeptOverAPauseAndOverruns(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r, _ := simRig(t, seed, nil)
		r.startOD(t, nil)
		r.clk.Run(21 * time.Second)
		first := r.askedAt[2]
		r.do(t, actors.SetState{State: actors.Sleeping})
		before := len(r.each)
		r.clk.Run(33 * time.Second)
		if len(r.each) != before {
			t.Errorf("%d readings while sleeping", len(r.each)-before)
		}
		r.do(t, actors.SetState{State: actors.Ready})
		r.clk.Run(20 * time.Second)
		r.delay = 5500 * time.Millisecond // longer than a tick and the patience
		r.clk.Run(30 * time.Second)
		r.delay = 0
		r.clk.Run(20 * time.Second)
		for _, at := range r.askedAt[2:] {
			if (at-first)%(5*time.Second) != 0 {
				t.Errorf("asked %v after the first reading, want whole multiples of 5 s", at-first)
			}
		}
		want(t, "reading", r.last(t).Quality, actors.Good, "")
	})
}

func TestPauseInMidReadingClosesTheWindow(t *testing.T) {
	r, _ := simRig(t, 0, nil)
	r.startOD(t, nil)
	r.clk.RunUntil(time.Minute, func() bool { return len(r.each) == 3 })
	r.clk.RunUntil(time.Minute, func() bool { return r.open == 1 })
	r.clk.Run(200 * time.Millisecond)
	n := len(r.each)
	r.do(t, actors.SetState{State: actors.Sleeping})
	r.clk.Run(time.Minute)
	if r.open != 0 || len(r.each) != n {
		t.Errorf("%d windows open and %d readings after going to sleep, want none", r.open, len(r.each)-n)
	}
}

func TestOverrunsSkipTicksAndFinishTheReading(t *testing.T) {
	r, _ := simRig(t, 0, nil)
	r.startOD(t, map[string]any{"interval": 1.0})
	r.clk.Run(10 * time.Second)
	r.delay = 800 * time.Millisecond // a reading now takes longer than 1 s
	r.clk.Run(5 * time.Second)
	r.forget()
	r.clk.Run(time.Minute)
	if n := len(r.each); n < 29 || n > 31 {
		t.Errorf("readings in a minute = %d, want 30: every second tick", n)
	}
}

func TestIntervalChangeBeginsANewPhase(t *testing.T) {
	r, _ := simRig(t, 0, nil)
	r.startOD(t, nil)
	r.clk.Run(30 * time.Second)
	r.set(t, "interval", "2")
	r.forget()
	r.clk.Run(time.Minute)
	if n := len(r.each); n < 29 || n > 30 {
		t.Errorf("readings a minute every 2 s = %d, want 29 or 30", n)
	}
	r.set(t, "interval", "60")
	r.forget()
	r.clk.Run(10 * time.Minute)
	if n := len(r.each); n != 10 {
		t.Errorf("readings in 10 min every 60 s = %d, want 10", n)
	}
}

func TestEveryFaultHasItsQuality(t *testing.T) {
	for reason, fault := range map[string]string{"saturated": "adc_saturated", "reference_missing": "led_dead:A"} {
		r, b := simRig(t, 0, func(c *sim.Config) { c.FullScaleV = 2 })
		r.startOD(t, nil)
		r.clk.Run(30 * time.Second)
		f := inject(t, b, fault)
		r.clk.Run(10 * time.Second)
		want(t, fault, r.last(t).Quality, actors.Bad, reason)
		if err := b.Clear(f); err != nil {
			t.Fatal(err)
		}
		r.clk.Run(3 * time.Minute)
		want(t, fault+" cleared", r.last(t).Quality, actors.Good, "")
		for _, alarm := range []string{"reference_missing", "reference_unstable"} {
			if r.alarm(alarm) {
				t.Errorf("%s cleared: alarm %s is still on", fault, alarm)
			}
		}
	}
	r, b := simRig(t, 0, func(c *sim.Config) { c.AmbientV = 0.15 })
	r.startOD(t, nil)
	r.clk.Run(30 * time.Second)
	want(t, "stray light", r.last(t).Quality, actors.Uncertain, "dark_too_high")
	if err := b.Halt(); err != nil {
		t.Fatal(err)
	}
}

func TestPumpOrDisturbanceInTheWindowIsNeverGood(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r, _ := simRig(t, seed, nil)
		r.startOD(t, nil)
		r.clk.Run(30 * time.Second)
		r.forget()
		r.pumpOn = true
		r.clk.Run(30 * time.Second)
		if len(r.each) != 6 {
			t.Fatalf("readings = %d, want 6", len(r.each))
		}
		for _, o := range r.each {
			want(t, "pump on", o.Quality, actors.Bad, "pump_on")
			if !o.PumpOn {
				t.Error("PumpOn = false")
			}
		}
		r.pumpOn, r.disturbed = false, true
		r.clk.Run(10 * time.Second)
		want(t, "disturbed", r.last(t).Quality, actors.Bad, "disturbed")
		r.disturbed, r.delay = false, 800*time.Millisecond
		r.clk.Run(10 * time.Second)
		want(t, "granted late", r.last(t).Quality, actors.Uncertain, "late")
	})
}

func TestStillVialIsNeverGood(t *testing.T) {
	r, _ := simRig(t, 0, nil)
	rpm := 0.0
	r.start(t, actors.Spec{Name: "stirring", Slot: "stirring", New: func() actors.Job { return &stirrer{500, &rpm} }})
	r.startOD(t, nil)
	r.clk.Run(30 * time.Second)
	want(t, "rpm 0", r.last(t).Quality, actors.Bad, "stirring_off")
	rpm = 480
	r.clk.Run(30 * time.Second)
	want(t, "rpm 480", r.last(t).Quality, actors.Good, "")
	if got := r.last(t).RPM; got != 480 {
		t.Errorf("rpm = %v, want 480", got)
	}
	rpm = 0
	r.clk.Run(30 * time.Second)
	want(t, "rpm 0 again", r.last(t).Quality, actors.Bad, "stirring_off")
	r.sys.Stop("stirring")
	r.clk.Run(10 * time.Second)
	want(t, "no stirring job", r.last(t).Quality, actors.Good, "")
}

func TestUnsteadyLampRaisesAndClearsItsAlarm(t *testing.T) {
	r, b := simRig(t, 0, nil)
	r.startOD(t, nil)
	r.clk.Run(time.Minute)
	f := inject(t, b, "ref_noise:0.5")
	r.clk.Run(time.Minute)
	if !r.alarm("reference_unstable") {
		t.Error("no alarm reference_unstable")
	}
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	r.clk.Run(5 * time.Minute)
	if r.alarm("reference_unstable") {
		t.Error("the alarm stayed on a steady lamp")
	}
	want(t, "steady again", r.last(t).Quality, actors.Good, "")
	if r.state() != actors.Ready {
		t.Errorf("state %s, want ready: a lamp must not stop the job", r.state())
	}
}

func TestTooMuchLightPutsTheJobToSleepUntilWoken(t *testing.T) {
	r, b := simRig(t, 0, nil)
	r.startOD(t, nil)
	r.clk.Run(30 * time.Second)
	f := inject(t, b, "adc_saturated") // full scale is 3.3 V
	n := len(r.each)
	r.clk.Run(time.Minute)
	a, _ := actors.LatestOf[actors.Alarm](r.sys, "adc_too_high")
	if r.state() != actors.Sleeping || !a.Active || !a.Latched || len(r.each) != n || r.open != 0 {
		t.Errorf("state %s, alarm %+v, %d readings more, %d windows open: want sleeping, latched, none", r.state(), a, len(r.each)-n, r.open)
	}
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	r.do(t, actors.SetState{State: actors.Ready})
	r.clk.Run(3 * time.Minute)
	want(t, "woken", r.last(t).Quality, actors.Good, "")
	if r.alarm("adc_too_high") {
		t.Error("alarm still active after a good reading")
	}
}

func TestTooMuchLightAtTheStart(t *testing.T) {
	r, b := simRig(t, 0, nil)
	f := inject(t, b, "adc_saturated")
	r.startOD(t, nil)
	r.clk.Run(time.Minute)
	if r.state() != actors.Sleeping || !r.alarm("adc_too_high") {
		t.Errorf("state %s, want sleeping with an alarm", r.state())
	}
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	r.do(t, actors.SetState{State: actors.Ready})
	r.clk.Run(time.Minute)
	want(t, "woken", r.last(t).Quality, actors.Good, "")
}

func TestNothingStopsTheRhythm(t *testing.T) {
	for name, set := range map[string]func(r *rig, on bool){
		"refused":             func(r *rig, on bool) { r.refuse = on },
		"window mute":         func(r *rig, on bool) { r.mute = on },
		"window never ends":   func(r *rig, on bool) { r.muteEnd = on },
		"adc mute":            func(r *rig, on bool) { r.muteADC = on },
		"granted far to late": func(r *rig, on bool) { r.delay = map[bool]time.Duration{true: 4 * time.Second}[on] },
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := simRig(t, 5, nil)
			set(r, true)
			r.startOD(t, nil)
			r.clk.Run(2 * time.Minute)
			if r.state() != actors.Init || len(r.each) > 0 || !r.alarm("od_reading_failing") {
				t.Errorf("state %s, %d readings: want init, none, an alarm", r.state(), len(r.each))
			}
			set(r, false)
			r.clk.Run(time.Minute)
			if r.state() != actors.Ready || len(r.each) < 8 || r.alarm("od_reading_failing") {
				t.Errorf("state %s, %d readings after mending: want ready, 8, no alarm", r.state(), len(r.each))
			}
			set(r, true)
			r.clk.Run(2 * time.Second)
			r.forget()
			r.clk.Run(time.Minute)
			if len(r.each) != 0 || !r.alarm("od_reading_failing") || r.state() != actors.Ready {
				t.Errorf("%d readings and state %s without an answer, want none, ready, an alarm", len(r.each), r.state())
			}
			set(r, false)
			r.clk.Run(time.Minute)
			want(t, "mended", r.last(t).Quality, actors.Good, "")
		})
	}
}

// TestStartGoesOnSoonAfterAPump: a pump that was on at the start, as after a
// crash, costs no whole interval.
func TestStartGoesOnSoonAfterAPump(t *testing.T) {
	r, _ := simRig(t, 5, nil)
	r.refuse = true
	r.startOD(t, nil)
	r.clk.Run(500 * time.Millisecond)
	r.refuse = false
	r.clk.Run(2500 * time.Millisecond)
	if r.state() != actors.Ready {
		t.Errorf("state %s 2.5 s after a pump that stopped, want ready", r.state())
	}
}

func TestBusErrorsCostOnlyTheirReadings(t *testing.T) {
	r, b := simRig(t, 0, nil)
	r.startOD(t, nil)
	r.clk.Run(30 * time.Second)
	f := inject(t, b, "adc_error")
	r.forget()
	r.clk.Run(15 * time.Second)
	if len(r.each) != 0 || r.alarm("od_reading_failing") {
		t.Errorf("%d readings from a dead bus; an alarm after 15 s: %v", len(r.each), r.alarm("od_reading_failing"))
	}
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	r.clk.Run(10 * time.Second)
	want(t, "mended", r.last(t).Quality, actors.Good, "")
}

func TestFirstReferenceSurvivesARestart(t *testing.T) {
	clk := clock.Virtual(epoch, 0)
	still := func(c *sim.Config) {
		c.Noise, c.MuMaxPerH, c.InitialODAU, c.LEDDriftPerH = "none", 0, 0.5, -0.01
		c.SedimentationPerH = 0
	}
	b, store := simBoard(t, clk, still), state.NewMemory()
	r := newRig(t, clk, b, store)
	r.startOD(t, map[string]any{"ir_led_intensity": "auto"})
	r.clk.Run(10 * time.Minute)
	before := r.last(t)
	clk.Run(8 * time.Hour) // the LED loses 8 %
	r.sys.Stop(od.Name)
	clk.Run(time.Minute)

	again := newRig(t, clk, b, store)
	again.startOD(t, map[string]any{"ir_led_intensity": "auto"})
	clk.Run(10 * time.Minute)
	after := again.last(t)
	t.Logf("OD %.5f, reference %.4f; after 8 h and a restart OD %.5f, reference %.4f", before.Value, before.ReferenceV, after.Value, after.ReferenceV)
	if math.Abs(after.ReferenceV-0.92) > 0.01 || math.Abs(after.Value/before.Value-1) > 0.005 {
		t.Errorf("relative reference %v and OD %v, want 0.92 and %v", after.ReferenceV, after.Value, before.Value)
	}
	if after.IRPercent != before.IRPercent {
		t.Errorf("IR intensity %v, want %v as chosen at the start", after.IRPercent, before.IRPercent)
	}
}

func TestNoReadingBeforeItsReferenceIsOnTheDisk(t *testing.T) {
	r, _ := simRig(t, 0, nil)
	r.store.Break(errors.New("disk full"))
	r.startOD(t, nil)
	r.clk.Run(time.Minute)
	if len(r.each) != 0 || !r.alarm("od_reading_not_saved") {
		t.Errorf("%d readings with a full disk, want none and an alarm", len(r.each))
	}
	r.store.Break(nil)
	r.clk.Run(20 * time.Second)
	want(t, "disk mended", r.last(t).Quality, actors.Good, "")
	if r.alarm("od_reading_not_saved") {
		t.Error("alarm still on")
	}
}

func TestUnreadableStateIsARefusalToStart(t *testing.T) {
	r, _ := simRig(t, 0, nil)
	if err := r.store.Save("od/exp%201", []byte("{")); err != nil {
		t.Fatal(err)
	}
	r.startOD(t, nil)
	r.clk.Run(time.Minute)
	if r.state() != actors.Disconnected || len(r.each) > 0 {
		t.Errorf("state %s with %d readings, want disconnected and none", r.state(), len(r.each))
	}
}

func TestAutoIntensityKeepsTheReferenceLow(t *testing.T) {
	r, _ := simRig(t, 0, func(c *sim.Config) { c.RefV = 0.4 })
	r.startOD(t, map[string]any{"ir_led_intensity": "auto"})
	r.clk.Run(20 * time.Second)
	shown, _ := actors.LatestOf[actors.SettingChanged](r.sys, od.Name+"/ir_led_intensity")
	if got, _ := shown.Value.(float64); math.Abs(got-62.5) > 0.5 { // 0.25 V of 0.4 V
		t.Errorf("IR intensity = %v, want 62.5 %%", shown.Value)
	}
	r.set(t, "ir_led_intensity", "50")
	r.clk.Run(30 * time.Second)
	if got := r.last(t); got.IRPercent != 50 || got.Quality.Grade != actors.Good {
		t.Errorf("after setting 50 %%: %+v", got)
	}
	r.set(t, "ir_led_intensity", "auto")
	r.clk.Run(30 * time.Second)
	if got := r.last(t); math.Abs(got.IRPercent-62.5) > 0.5 || got.Quality.Grade != actors.Good {
		t.Errorf("after setting auto: %+v", got)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for text, table := range map[string]map[string]any{
		"two references": {"channels": map[string]any{"1": "REF", "2": "REF", "3": "90"}},
		"no signal":      {"channels": map[string]any{"1": "REF"}},
		"angle":          {"channels": map[string]any{"1": "91"}},
		"channel":        {"channels": map[string]any{"5": "90"}},
		"hz":             {"local_ac_hz": "55"},
		"intensity":      {"ir_led_intensity": -1.0},
		"interval":       {"interval": 0.5},
	} {
		spec := actors.Spec{Name: od.Name, Table: table, New: func() actors.Job { return od.New(od.Options{}) }}
		if _, err := spec.Prepare(); err == nil {
			t.Errorf("%s: %v is accepted", text, table)
		}
	}
}

// BenchmarkRead is one reading of two channels, window and adc included.
func BenchmarkRead(b *testing.B) {
	r, _ := simRig(b, 0, nil)
	r.startOD(b, nil)
	r.clk.Run(time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		r.clk.Run(5 * time.Second)
		r.forget()
	}
}

func TestExtremeHumIsNeverGood(t *testing.T) {
	r, b := simRig(t, 0, func(c *sim.Config) { c.InitialODAU, c.MuMaxPerH = 0.5, 0 })
	r.startOD(t, nil)
	r.clk.Run(30 * time.Second)
	want(t, "usual hum", r.last(t).Quality, actors.Good, "")
	f := inject(t, b, "hum:0.5")
	r.clk.Run(30 * time.Second)
	if q := r.last(t).Quality; q.Grade == actors.Good {
		t.Error("hum of 0.5 V over a signal of a few hundred mV counts as good")
	}
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	r.clk.Run(time.Minute)
	want(t, "usual hum again", r.last(t).Quality, actors.Good, "")
}

func TestNoReadingIsGoodWhileTheLampFlickers(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		r, b := simRig(t, seed, nil)
		r.startOD(t, nil)
		r.clk.Run(5 * time.Minute)
		f := inject(t, b, "ref_noise:0.3")
		r.clk.RunUntil(r.clk.Mono()+time.Minute, func() bool { return r.alarm("reference_unstable") })
		r.forget()
		r.clk.Run(20 * time.Minute)
		for _, o := range r.each {
			if o.Quality.Grade == actors.Good {
				t.Fatalf("a reading is good while the alarm reference_unstable is on: %+v", o)
			}
		}
		if !r.alarm("reference_unstable") || r.state() != actors.Ready {
			t.Error("the alarm went, or the job stopped")
		}
		if err := b.Clear(f); err != nil {
			t.Fatal(err)
		}
		r.clk.Run(45 * time.Second)
		want(t, "steady for 45 s", r.last(t).Quality, actors.Good, "")
		if r.alarm("reference_unstable") {
			t.Error("the alarm stays")
		}
	})
}
