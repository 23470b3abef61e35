package actorstest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// dosed is a house whose turbidostat doses within half an hour.
func dosed(t testing.TB, seed uint64, change func(*cmd.Config)) *House {
	h := Open(t, HouseOptions{Seed: seed, Configure: func(c *cmd.Config) {
		c.Sim.InitialODAU, c.Sim.LagH = 1, 0
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=1.3"}
		if change != nil {
			change(c)
		}
	}})
	h.RunUntil(time.Hour, "first dose", func() bool { return len(Collect[actors.Dosed](h)) > 0 })
	return h
}

func inject(t testing.TB, h *House, fault string) sim.Fault {
	t.Helper()
	f, err := sim.ParseFault(fault)
	if err == nil {
		err = h.Board.Inject(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func stopped(h *House) actors.Alarm {
	a, _ := actors.LatestOf[actors.Alarm](h.System, "dose_check")
	return a
}

// scored leaves out, under the race detector, lives that only score physics: it
// makes them ten times as long, and make test runs them without it.
func scored(t *testing.T) {
	t.Helper()
	if RaceEnabled {
		t.Skip("make test runs it without the race detector, which makes it ten times as long")
	}
}

// TestVialNeverRunsOver: whatever the waste does, the true vial stays below its
// brim or dosing was stopped first, for who asked for strictness.
func TestVialNeverRunsOver(t *testing.T) {
	worst, stops := 0.0, 0
	for i, flow := range []float64{0, 0.5, 1} {
		for j, pump := range []float64{0.85, 1.15} {
			for _, rough := range []bool{false, true} {
				if flow == 1 && rough || RaceEnabled && (pump < 1 || flow == 0.5) { // too much comes in: the worse of the two
					continue
				}
				seed := uint64(1 + 10*i + 3*j)
				rng := rand.New(rand.NewPCG(seed, 1))
				h := dosed(t, seed, func(c *cmd.Config) { c.Sim.MediaRateFactor, c.Media.MaxUnverifiedML = pump, strictML })
				h.Run(time.Hour)
				inject(t, h, fmt.Sprintf("waste_blocked:%v", 1-flow))
				for range 4 {
					h.Run(time.Duration(rng.Int64N(int64(40 * time.Minute))))
					if rough {
						inject(t, h, "air_in_line:media=0.5")
						h.Kill()
					}
					worst = max(worst, h.Board.Truth().VolumeML)
				}
				h.Run(time.Hour)
				truth := h.Board.Truth()
				worst = max(worst, truth.VolumeML)
				if truth.OverflowML > 0 {
					t.Errorf("waste flow %v, pump %v, rough %v: %.2f mL over the brim", flow, pump, rough, truth.OverflowML)
				}
				switch {
				case stopped(h).Active:
					stops++
					if flow > 0 && !rough {
						t.Errorf("waste flow %v, pump %v: stopped although 3 times the waste is pumped: %s", flow, pump, stopped(h).Text)
					}
				case flow == 0:
					t.Errorf("pump %v, rough %v: a blocked waste line was not noticed; the vial holds %.2f mL", pump, rough, truth.VolumeML)
				}
			}
		}
	}
	t.Logf("at worst %.2f mL above the efflux level, %d runs stopped", worst-15, stops)
}

func TestEmptyBottleOrDeadPumpStopsDosing(t *testing.T) {
	for _, fault := range []string{"bottle_empty:media", "pump_dead:media"} {
		h := dosed(t, 1, nil)
		h.Run(time.Hour)
		f := inject(t, h, fault)
		before := len(Collect[actors.Dosed](h))
		h.RunUntil(time.Hour, fault+" noticed", func() bool { return stopped(h).Active })
		if n := len(Collect[actors.Dosed](h)) - before; n > 3 {
			t.Errorf("%s: noticed after %d doses, want at most 3", fault, n)
		}
		c, _ := actors.LatestOf[actors.DoseCheck](h.System, "")
		if c.State != actors.CheckFailed || c.Verdict != "no_step" {
			t.Errorf("%s: %+v", fault, c)
		}
		h.Kill() // the verdict is on the disk
		h.Run(10 * time.Minute)
		before = len(Collect[actors.Dosed](h))
		if r := h.Do("vial", actors.Dose{MediaML: 1, WasteML: 1}); r.Code != "dose_check" {
			t.Errorf("%s: after a restart a dose is answered with %+v, want dose_check", fault, r)
		}
		if err := h.Board.Clear(f); err != nil {
			t.Fatal(err)
		}
		if r := h.Do("alarm", actors.Acknowledge{Name: "dose_check"}); !r.OK {
			t.Fatalf("acknowledge: %+v", r)
		}
		h.Run(time.Hour)
		if n := len(Collect[actors.Dosed](h)) - before; n < 5 || stopped(h).Active {
			t.Errorf("%s: %d doses in the hour after it was put right, alarm %v", fault, n, stopped(h).Active)
		}
	}
}

// TestHealthyCulturesAreNotJudged with bubbles, a rotated vial and pumps that
// are 15 % off; the room actors/dosing/check tests 48 h.
func TestHealthyCulturesAreNotJudged(t *testing.T) {
	hours := 6 * time.Hour
	if RaceEnabled {
		hours = 2 * time.Hour
	}
	for i, start := range []string{"turbidostat target_biomass=1.3", "chemostat"} {
		pump := []float64{0.85, 1.15}[i%2]
		h := dosed(t, uint64(i+1), func(c *cmd.Config) {
			c.Sim.MediaRateFactor, c.Sim.MediaBottleML, c.Sim.WasteBottleML = pump, 5000, 5000
			c.Sim.Start[3] = "dosing_automation=" + start
		})
		h.Run(hours)
		inject(t, h, "vial_rotated:0.05")
		h.Run(hours)
		if c, _ := actors.LatestOf[actors.DoseCheck](h.System, ""); c.State == actors.CheckFailed {
			t.Errorf("%s, pump %v: %s", start, pump, c.Text)
		}
	}
}

func TestBottlesAreCounted(t *testing.T) {
	h := dosed(t, 1, func(c *cmd.Config) { c.Media.MediaML, c.Media.WasteML, c.Media.LowML = 24, 500, 20 })
	level := func() actors.Bottles { b, _ := actors.LatestOf[actors.Bottles](h.System, ""); return b }
	low := func() bool { a, _ := actors.LatestOf[actors.Alarm](h.System, "media_bottle_low"); return a.Active }
	used := func() float64 { v, _ := actors.LatestOf[actors.Vial](h.System, ""); return v.MediaML }
	h.RunUntil(2*time.Hour, "low alarm", low)
	if b := level(); b.Media.ML > 20 || b.Media.ML < 18.9 || b.Waste.ML < 3.9 {
		t.Errorf("at the alarm %+v", b)
	}
	h.Kill()
	h.Run(3 * time.Hour)
	if b := level(); b.Media.ML >= 1 || b.Media.ML < 0 || used() < 23 || used() > 24 {
		t.Errorf("at the end %+v with %.2f mL used, want the bottle used up", b, used())
	}
	if r := h.Do("vial", actors.Dose{MediaML: 1, WasteML: 1}); r.Code != "bottle_empty" {
		t.Errorf("a dose from the empty bottle: %+v", r)
	}
	if r := h.Do("vial", actors.SetBottle{Bottle: "media", ML: 500}); !r.OK || level().Media != (actors.Bottle{SizeML: 500, ML: 500}) || low() {
		t.Errorf("refill: %+v, %+v", r, level())
	}
	if r := h.Do("vial", actors.SetBottle{Bottle: "waste", ML: 500}); !r.OK {
		t.Errorf("full waste bottle: %+v", r)
	}
	if r := h.Do("vial", actors.Dose{MediaML: 1, WasteML: 1}); r.Code != "waste_full" {
		t.Errorf("a dose into the full waste bottle: %+v", r)
	}
	for _, bad := range []actors.SetBottle{{Bottle: "beer", ML: 1}, {Bottle: "waste", ML: 501}, {Bottle: "media", ML: -1}} {
		if r := h.Do("vial", bad); r.OK {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestUnverifiedInflowIsBounded in a vial that nobody can see, until a person
// says that the waste leaves; who wants it strict is heard later too.
func TestUnverifiedInflowIsBounded(t *testing.T) {
	for _, most := range []float64{0, 4} {
		h := dosed(t, 1, func(c *cmd.Config) {
			c.Media.MaxUnverifiedML = most
			c.Sim.Start = []string{"stirring", "od_reading", "dosing_automation=chemostat duration=5"}
		})
		inject(t, h, "adc_error") // blind
		fault := inject(t, h, "waste_blocked:1")
		h.Run(3 * time.Hour)
		refused := Collect[actors.DoseRefused](h)
		if v := h.Board.Truth().VolumeML; v > 20 || len(refused) == 0 || refused[len(refused)-1].Code != "dose_unverified" {
			t.Errorf("strict %v: the blind vial holds %.2f mL, refusals %d", most, v, len(refused))
		}
		if c, _ := actors.LatestOf[actors.DoseCheck](h.System, ""); c.UnverifiedML > 5/1.15 || c.State != actors.CheckUnknown {
			t.Errorf("strict %v: %+v, want at most 4.35 mL and unknown", most, c)
		}
		if !stopped(h).Active {
			t.Errorf("strict %v: nobody was called", most)
		}
		if err := h.Board.Clear(fault); err != nil {
			t.Fatal(err)
		}
		before := len(Collect[actors.Dosed](h))
		if r := h.Do("vial", actors.WasteSeen{}); !r.OK || stopped(h).Active {
			t.Fatalf("strict %v: waste seen: %+v, alarm %v", most, r, stopped(h).Active)
		}
		h.Kill() // a person's word is on the disk
		h.Run(3 * time.Hour)
		if n := len(Collect[actors.Dosed](h)) - before; most == 0 && n < 30 || most > 0 && n > 8 {
			t.Errorf("strict %v: %d doses in the 3 h after the waste was seen", most, n)
		}
	}
}

// TestProofLasts: what a person said at set-up holds over restarts and through
// readings that show nothing, until the vial is another one or OD speaks against it.
func TestProofLasts(t *testing.T) {
	for _, simulated := range []bool{false, true} { // a person, or [sim] waste_seen
		h := blind(t, func(c *cmd.Config) { c.Sim.WasteSeen = simulated })
		if !simulated {
			h.WasteSeen()
		}
		h.Run(2 * time.Hour)
		h.Kill()
		h.Run(6 * time.Hour)
		if n, refused := len(Collect[actors.Dosed](h)), Collect[actors.DoseRefused](h); n < 90 || len(refused) > 0 || stopped(h).Name != "" {
			t.Fatalf("%d doses in 8 h, alarm %v, refusals %v", n, stopped(h), refused)
		}
		if r := h.Do("vial", actors.SwapVial{}); !r.OK {
			t.Fatal(r.Reason)
		}
		h.Kill()
		h.Run(2 * time.Hour)
		if !stopped(h).Active {
			t.Error("a new vial: nobody was called")
		}
	}
}

// TestOnlyAWordLetsGo: nothing but a proof ends the wait in a vial that nobody
// can see, not an acknowledged alarm, a correction of something else or a crash.
func TestOnlyAWordLetsGo(t *testing.T) {
	h := blind(t, func(c *cmd.Config) { c.Sim.MediaRateFactor = 1.15 })
	inject(t, h, "waste_blocked:1")
	h.Run(2 * time.Hour)
	half := 0.5
	for _, r := range []actors.Reply{
		h.Do("alarm", actors.Acknowledge{Name: "dose_check"}),
		h.Do("vial", actors.Acknowledge{}),
		h.Do("vial", actors.SetVial{AltFraction: &half}),
	} {
		if !r.OK {
			t.Fatal(r.Reason)
		}
		h.Kill()
		h.Run(time.Hour)
	}
	if truth := h.Board.Truth(); truth.OverflowML > 0 || !stopped(h).Active {
		t.Errorf("%.2f mL, %.2f mL over the brim, somebody called: %v", truth.VolumeML, truth.OverflowML, stopped(h).Active)
	}
}

// blind is a house whose chemostat doses from the start on and whose OD shows nothing.
func blind(t testing.TB, change func(*cmd.Config)) *House {
	h := Open(t, HouseOptions{Seed: 1, Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "dosing_automation=chemostat duration=5"}
		if change != nil {
			change(c)
		}
	}})
	inject(t, h, "adc_error")
	return h
}

// TestSomebodyIsCalledAfterAWhile, not at once: readings may average out.
func TestSomebodyIsCalledAfterAWhile(t *testing.T) {
	h := dosed(t, 1, func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "dosing_automation=chemostat duration=5"}
	})
	inject(t, h, "adc_error")
	h.RunUntil(3*time.Hour, "a dose that is held back", func() bool { return len(Collect[actors.DoseRefused](h)) > 0 })
	h.Run(14 * time.Minute)
	if stopped(h).Active {
		t.Errorf("called within 14 min: %+v", stopped(h))
	}
	h.Run(3 * time.Minute)
	if a := stopped(h); !a.Active || !strings.Contains(a.Text, "pioactor vial waste_seen") {
		t.Errorf("after 17 min %+v, want a call that says how to go on", a)
	}
}

// TestNoisyDosesAreGivenTogether for who wants it strict; by default a chemostat
// keeps its rhythm.
func TestNoisyDosesAreGivenTogether(t *testing.T) {
	for _, most := range []float64{0, strictML} {
		h := dosed(t, 2, func(c *cmd.Config) {
			c.Media.MaxUnverifiedML, c.Sim.NoiseCV = most, 0.033
			c.Sim.Start = []string{"stirring", "od_reading", "dosing_automation=chemostat duration=10"}
		})
		h.WasteSeen()
		h.Run(2 * time.Hour)
		sum, largest := 0.0, 0.0
		for _, d := range Collect[actors.Dosed](h) {
			sum, largest = sum+d.MediaML, max(largest, d.MediaML)
		}
		if most == 0 && largest > 0.501 || most > 0 && (largest < 0.999 || largest > strictML) {
			t.Errorf("strict %v: the largest dose was %.2f mL", most, largest)
		}
		if most == 0 && sum < 5.5 || sum > 7.01 {
			t.Errorf("strict %v: %.2f mL in 2 h of 0.5 mL every 10 min", most, sum)
		}
	}
}

func TestPumpsByHand(t *testing.T) {
	h := Open(t, HouseOptions{Configure: func(c *cmd.Config) { c.Sim.Start = []string{"stirring"} }})
	h.Run(time.Minute)
	do := func(id string, d actors.Dose) actors.Reply {
		return h.Command(actors.Command{ID: id, Target: "vial", Body: d})
	}
	end := func(id string) (d actors.Dosed) {
		for _, f := range Collect[actors.Dosed](h) {
			if f.ID == id {
				d = f
			}
		}
		return d
	}
	state := func(action string) actors.State {
		s, _ := actors.LatestOf[actors.ActionState](h.System, action)
		return s.State
	}
	short := actors.Dose{Pump: "media", Continuously: true, For: 15 * time.Second}
	do("short", short)
	h.Run(10 * time.Second)
	h.Do("vial", actors.KeepDosing{ID: "short"})
	h.Run(10 * time.Second)
	if state("add_media") != actors.Ready {
		t.Errorf("add_media is %q while renewed, want ready: %+v", state("add_media"), end("short"))
	}
	h.Run(30 * time.Second)
	if d := end("short"); d.MediaML < 1.3 || d.MediaML > 2.3 {
		t.Errorf("pumped %.2f mL under a lease that was renewed once: %+v", d.MediaML, d)
	}
	h.Do("vial", actors.Dose{WasteML: 5})
	h.Run(time.Minute)
	do("long", actors.Dose{Pump: "media", Continuously: true})
	h.Run(10 * time.Minute)
	if v := h.Board.Truth().VolumeML; v > 18 || v < 17.8 || end("short").ID == "" || end("long").Cut == "" || state("add_media") != actors.Disconnected {
		t.Errorf("continuous inflow ended at %.2f mL, %+v, %+v", v, end("short"), end("long"))
	}
	if r := do("more", actors.Dose{Pump: "media", Continuously: true}); r.Code != "overfill" {
		t.Errorf("inflow into the full vial: %+v", r)
	}
	do("drain", actors.Dose{Pump: "waste", Continuously: true})
	h.Run(5 * time.Second)
	h.Do("vial", actors.StopDosing{Reason: "test", Action: "add_media"})
	if !h.Board.Truth().Pump(hw.Waste).On {
		t.Error("stopping add_media stopped remove_waste")
	}
	h.Do("vial", actors.StopDosing{Reason: "test", Action: "remove_waste"})
	h.Run(time.Second)
	if h.Board.Truth().Pump(hw.Waste).On || state("remove_waste") != actors.Disconnected {
		t.Errorf("remove_waste is still %q", state("remove_waste"))
	}
	do("rest", actors.Dose{Pump: "waste", Continuously: true, For: time.Minute})
	h.Run(2 * time.Minute)
	do("round", actors.Dose{Pump: "media", Circulate: true, For: 30 * time.Second})
	h.Run(10 * time.Second)
	if state("circulate_media") != actors.Ready {
		t.Errorf("circulate_media is %q", state("circulate_media"))
	}
	h.Run(time.Minute)
	if d, v := end("round"), h.Board.Truth().VolumeML; d.MediaML < 1 || d.Cut != "" || v > 15.01 || state("circulate_media") != actors.Disconnected {
		t.Errorf("circulation: %+v at %.3f mL", d, v)
	}
	do("list", actors.Dose{Sequence: []actors.PumpStep{{Sleep: time.Second}, {Pump: "media", ML: 1}, {Sleep: 5 * time.Second}, {Pump: "waste", ML: 1.2}}})
	h.Run(time.Minute)
	if d := end("list"); d.MediaML < 0.999 || d.WasteML < 0.99 || d.Cut != "" {
		t.Errorf("sequence: %+v", d)
	}
	if r := do("bad", actors.Dose{Sequence: []actors.PumpStep{{Pump: "media", ML: 1}, {Pump: "media", ML: 3}}}); r.Code != "overfill" {
		t.Errorf("a sequence that ends in too full a vial: %+v", r)
	}
	ledger, _ := actors.LatestOf[actors.Vial](h.System, "")
	if v := h.Board.Truth().VolumeML; ledger.VolumeML-v > 1e-6 || v-ledger.VolumeML > 1e-6 {
		t.Errorf("the ledger says %.6f mL, the vial holds %.6f mL", ledger.VolumeML, v)
	}
}

// TestScoredWasteLineNeverConnected: dosing waits before the vial is full, and
// somebody is called; where OD shows that the waste leaves it goes on.
func TestScoredWasteLineNeverConnected(t *testing.T) {
	scored(t)
	for _, pump := range []float64{0.85, 1, 1.15} {
		for _, noise := range []float64{0.006, 0.033} {
			h := dosed(t, 7, func(c *cmd.Config) { c.Sim.MediaRateFactor, c.Sim.NoiseCV = pump, noise })
			inject(t, h, "waste_blocked:1")
			h.Run(4 * time.Hour)
			if truth := h.Board.Truth(); truth.OverflowML > 0 || !stopped(h).Active {
				t.Errorf("pump %v, noise %v: %.2f mL over the brim, somebody called: %v", pump, noise, truth.OverflowML, stopped(h).Active)
			}
		}
		h := dosed(t, 7, func(c *cmd.Config) { c.Sim.MediaRateFactor = pump })
		h.Run(6 * time.Hour)
		if n := len(Collect[actors.Dosed](h)); n < 50 || len(Collect[actors.Alarm](h)) > 0 {
			t.Errorf("pump %v: a sound vial: %d doses, alarms %v", pump, n, Collect[actors.Alarm](h))
		}
	}
}

// TestScoredBlockedLineByDefault: not strict, the waste line that is blocked in
// mid-run is found when the vial is full, give or take half a millilitre.
func TestScoredBlockedLineByDefault(t *testing.T) {
	scored(t)
	for _, pump := range []float64{0.85, 1, 1.15} {
		h := dosed(t, 1, func(c *cmd.Config) { c.Sim.MediaRateFactor = pump })
		h.WasteSeen()
		h.Run(time.Hour)
		inject(t, h, "waste_blocked:1")
		h.Run(6 * time.Hour)
		truth := h.Board.Truth()
		t.Logf("pump %v: %.2f mL over the brim", pump, truth.OverflowML)
		if !stopped(h).Active || truth.OverflowML > 0.5 {
			t.Errorf("pump %v: stopped %v, %.2f mL over the brim", pump, stopped(h).Active, truth.OverflowML)
		}
	}
}
