package bench_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw/sim"
)

// blanked measures a blank and returns it.
func blanked(t *testing.T, h *actorstest.House) actors.Blank {
	t.Helper()
	patient(t, h, "experiment", actors.StartJob{Job: "od_blank"})
	h.RunUntil(2*time.Minute, "end of od_blank", func() bool { return h.State("od_blank") == actors.Disconnected })
	if s, _ := actors.LatestOf[actors.JobState](h.System, "od_blank"); s.Reason != "" {
		t.Fatalf("od_blank ended: %s", s.Reason)
	}
	return blankOf(h)
}

func blankOf(h *actorstest.House) actors.Blank {
	b, _ := actors.LatestOf[actors.Blank](h.System, h.Config.Experiment.Name)
	return b
}

func lastReading(t *testing.T, h *actorstest.House) actors.ODReading {
	t.Helper()
	all := actorstest.Collect[actors.ODReading](h)
	if len(all) == 0 {
		t.Fatal("no reading at all")
	}
	return all[len(all)-1]
}

func TestBlankOfTheMediumIsSubtracted(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Configure: func(c *cmd.Config) {
			c.Sim.Start = []string{"stirring"}
			c.Sim.InitialODAU, c.Sim.LagH, c.Sim.Response = 0, 0, "scatter"
		}})
		h.Run(30 * time.Second)
		b := blanked(t, h)
		if len(b.Means) != 1 || b.Means[0].Channel != 2 || b.Samples != 20 {
			t.Fatalf("blank %+v, want one mean of 20 readings at photodiode 2", b)
		}
		if n := len(actorstest.Collect[actors.ODReading](h)); n != 0 {
			t.Errorf("%d readings of the medium were published as a culture's", n)
		}
		h.Run(time.Second)
		if h.System.Running("od_blank") {
			t.Error("od_blank runs after its end")
		}
		h.Kill()
		h.Run(30 * time.Second)
		if h.System.Running("od_blank") || h.State("od_blank") != "" {
			t.Error("a restart began od_blank again")
		}
		patient(t, h, "experiment", actors.StartJob{Job: "od_reading"})
		h.Run(time.Minute)
		r := lastReading(t, h)
		if r.BlankID != b.ID || r.BlankAU != b.Means[0].Value || b.Means[0].Value <= 0 {
			t.Errorf("reading %+v does not say that blank %+v was subtracted", r, b)
		}
		if math.Abs(r.Value) > 0.15*r.BlankAU {
			t.Errorf("the medium reads %.4g AU above its blank of %.4g", r.Value, r.BlankAU)
		}
	})
}

func TestBlankNeedsQuietAndStirring(t *testing.T) {
	h := open(t, 1)
	start := actors.StartJob{Job: "od_blank"}
	if r := h.Do("experiment", start); r.OK {
		t.Errorf("od_blank beside od_reading answered %+v", r)
	}
	if h.Run(time.Second); h.System.Running("od_blank") {
		t.Error("od_blank runs beside od_reading")
	}
	patient(t, h, "bench", actors.PauseVial{})
	h.Do("stirring", actors.SetState{State: actors.Disconnected})
	h.Run(time.Second)
	if r := h.Do("experiment", start); r.OK {
		t.Errorf("od_blank without stirring answered %+v", r)
	}
	patient(t, h, "experiment", actors.StartJob{Job: "stirring"})
	h.Run(30 * time.Second)
	patient(t, h, "experiment", start)
	if r := h.Do("bench", actors.ResumeVial{}); r.Code != "busy" {
		t.Errorf("resume while a blank is measured answered %+v, want busy", r)
	}
	h.Run(10 * time.Second)
	h.Do("od_blank", actors.SetState{State: actors.Disconnected})
	h.Run(time.Minute)
	if b := blankOf(h); b.ID != "" {
		t.Errorf("a cancelled od_blank left %+v", b)
	}
	patient(t, h, "bench", actors.ResumeVial{})
	h.RunUntil(time.Minute, "ready jobs", h.AllReady)
}

func TestBlankEndsWithAReasonWhenNothingCanBeRead(t *testing.T) {
	h := open(t, 1)
	patient(t, h, "bench", actors.PauseVial{})
	patient(t, h, "experiment", actors.StartJob{Job: "od_blank"})
	inject(t, h, sim.Fault{Kind: sim.ADCError})
	h.Run(5 * time.Minute)
	if s, _ := actors.LatestOf[actors.JobState](h.System, "od_blank"); s.State != actors.Disconnected || s.Reason == "" {
		t.Errorf("od_blank without an ADC is %+v, want ended with a reason", s)
	}
}

// TestNewBlankKeepsNormalizedOD blanks a running culture twice and deletes the
// blank, with crashes and restarts between: the turbidostat never goes for
// another density.
func TestNewBlankKeepsNormalizedOD(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		h := dosing(t, seed, func(c *cmd.Config) { c.Sim.Response = "scatter" }) // whose medium scatters
		before := density(h)
		rng := rand.New(rand.NewPCG(seed, 7))
		ids := map[string]bool{"": true}
		for i := range 3 {
			patient(t, h, "bench", actors.PauseVial{})
			nod, au := level(h), h.Board.Truth().ODAU
			switch i {
			case 0: // much of what is read: murky medium
				r := lastReading(t, h)
				patient(t, h, "bench", actors.SetBlank{Experiment: h.Config.Experiment.Name, Samples: 20,
					Means: []actors.ChannelValue{{Channel: r.Channel, Value: 0.4 * (r.Value + r.BlankAU)}}})
			case 1:
				inject(t, h, sim.Fault{Kind: sim.VialRemoved}) // the empty holder stands for another medium
				blanked(t, h)
				if err := h.Board.Clear(sim.Fault{Kind: sim.VialRemoved}); err != nil {
					t.Fatal(err)
				}
			default:
				patient(t, h, "bench", actors.SetBlank{Experiment: h.Config.Experiment.Name})
			}
			b := blankOf(h)
			if ids[b.ID] || len(b.History) != i+1 {
				t.Errorf("blank %+v: want a new id and %d changes on record", b, i+1)
			}
			ids[b.ID] = true
			if rng.IntN(2) == 0 {
				h.Kill()
				h.Run(time.Second)
			}
			patient(t, h, "bench", actors.ResumeVial{})
			h.System.Crash("growth_rate_calculating", "a planted panic")
			h.Run(25 * time.Second)
			want := nod * h.Board.Truth().ODAU / au
			if got := level(h); math.Abs(got/want-1) > 0.06 {
				t.Errorf("blank %d: normalized OD %.3f, want %.3f as before", i, got, want)
			}
			r := lastReading(t, h)
			if mean := meanOf(b, r.Channel); r.BlankID != b.ID || r.BlankAU != mean {
				t.Errorf("reading %+v was not computed from blank %+v", r, b)
			}
			h.RunUntil(time.Minute, "ready jobs", h.AllReady)
			h.Run(3 * time.Minute)
		}
		if after := density(h); math.Abs(after/before-1) > 0.05 {
			t.Errorf("true density %.3f AU over an hour with other blanks, %.3f before", after, before)
		}
	})
}

// density is the true mean over an hour, in AU.
func density(h *actorstest.House) (mean float64) {
	for range 60 {
		h.Run(time.Minute)
		mean += h.Board.Truth().ODAU / 60
	}
	return mean
}

func meanOf(b actors.Blank, channel int) float64 {
	for _, m := range b.Means {
		if m.Channel == channel {
			return m.Value
		}
	}
	return 0
}

func TestBlankThatWouldMisleadIsRefused(t *testing.T) {
	h := dosing(t, 1)
	name := h.Config.Experiment.Name
	at := func(au float64) actors.SetBlank {
		return actors.SetBlank{Experiment: name, Vial: volume(h).Number, Means: []actors.ChannelValue{{Channel: 2, Value: au}}, Samples: 20}
	}
	for want, blank := range map[string]actors.SetBlank{
		"above_culture": at(50),
		"invalid":       at(math.NaN()),
		"no_blank":      {Experiment: name},
	} {
		if r := h.Do("bench", blank); r.Code != want {
			t.Errorf("%+v answered %+v, want %s", blank, r, want)
		}
	}
	h.Store.Break(errors.New("disk full"))
	if r := h.Do("bench", at(0.001)); r.Code != "not_saved" || blankOf(h).ID != "" {
		t.Errorf("on a full disk: %+v, blank %+v", r, blankOf(h))
	}
	h.Store.Break(nil)
	h.System.Publish(name, actors.SettingChanged{Job: "dosing_automation", Setting: "biomass_signal", Value: "od"})
	if r := h.Do("bench", at(0.001)); r.Code != "od_steers" {
		t.Errorf("with a turbidostat in AU: %+v, want od_steers", r)
	}
}

// TestSwapIsAllOrNothing cuts the power at every instant around a swap: ledger,
// blank, first reference and normalization are of the old vial or of the new
// one, never of both.
func TestSwapIsAllOrNothing(t *testing.T) {
	outcomes := map[bool]int{}
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			h := open(t, seed+1)
			h.RunUntil(5*time.Minute, "growth", func() bool { return level(h) > 0 })
			patient(t, h, "bench", actors.SetBlank{Experiment: h.Config.Experiment.Name, Means: []actors.ChannelValue{{Channel: 2, Value: 0.002}}, Samples: 20})
			h.Run(20 * time.Minute)
			old, nod, blank, density := volume(h), level(h), blankOf(h), h.Board.Truth().ODAU
			n := len(h.Facts)
			ml := 12.0
			h.System.Do(actors.Command{Target: "vial", Body: actors.SwapVial{VolumeML: &ml}}, func(actors.Reply) {})
			events := rng.IntN([]int{4, 40, 1600}[seed%3]) // the write, its answers, what follows from them
			h.Clock.RunUntil(h.Clock.Mono()+time.Minute, func() bool { events--; return events < 0 })
			h.Kill()
			h.Run(time.Duration(rng.Int64N(int64(20 * time.Second))))
			h.Kill()
			h.RunUntil(3*time.Minute, "growth", func() bool { return level(h) > 0 })
			now := volume(h)
			swapped := now.Number != old.Number
			outcomes[swapped]++
			r := lastReading(t, h)
			switch {
			case swapped && (now.VolumeML != 12 || r.BlankID != "" || r.BlankAU != 0 || r.VialNumber != now.Number || math.Abs(level(h)-1) > 0.1 || len(blankOf(h).Means) != 0):
				t.Errorf("swapped, but vial %+v, normalized OD %.3f, reading %+v", now, level(h), r)
			case !swapped && (now.VolumeML != old.VolumeML || r.BlankID != blank.ID || r.VialNumber != old.Number ||
				math.Abs(level(h)/(nod*h.Board.Truth().ODAU/density)-1) > 0.1):
				t.Errorf("not swapped, but vial %+v, normalized OD %.3f of %.3f, reading %+v", now, level(h), nod, r)
			}
			for _, f := range h.Facts[n:] { // no reading mixes them either
				if r, ok := f.(actors.ODReading); ok && (r.VialNumber == old.Number) != (r.BlankID == blank.ID) {
					t.Errorf("reading %+v mixes two vials", r)
				}
			}
		})
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("outcomes %v: want both, or the instants are badly chosen", outcomes)
	}
}

func TestSwapOnAFullDiskChangesNothing(t *testing.T) {
	h := open(t, 1)
	before := volume(h)
	h.Store.Break(errors.New("disk full"))
	r := h.Do("vial", actors.SwapVial{})
	after := volume(h)
	if r.Code != "not_saved" || after.Number != before.Number || after.VolumeML != before.VolumeML {
		t.Errorf("swap on a full disk: %+v, vial %+v", r, after)
	}
	h.Store.Break(nil)
	patient(t, h, "vial", actors.SwapVial{})
	if v := volume(h); v.Number <= before.Number || v.VolumeML != 15 {
		t.Errorf("vial %+v after a swap, want a new number and 15 mL", v)
	}
}

// TestODReadingThatFailsBesideABlankSleepsOnAndIsResumed: its restart would be
// refused as busy, and end it for good, if it did not begin asleep.
func TestODReadingThatFailsBesideABlankSleepsOnAndIsResumed(t *testing.T) {
	for seed := range uint64(3) {
		h := open(t, seed+1)
		patient(t, h, "bench", actors.PauseVial{})
		patient(t, h, "experiment", actors.StartJob{Job: "od_blank"})
		h.Run(5 * time.Second)
		h.System.Crash("od_reading", "a planted panic")
		h.Run(2 * time.Second)
		if s := h.State("od_reading"); s != actors.Sleeping || h.State("od_blank") != actors.Ready {
			t.Fatalf("seed %d: od_reading is %s beside a blank that is %s, want sleeping and ready", seed, s, h.State("od_blank"))
		}
		h.RunUntil(2*time.Minute, "end of od_blank", func() bool { return h.State("od_blank") == actors.Disconnected })
		patient(t, h, "bench", actors.ResumeVial{})
		n := len(h.Facts)
		h.RunUntil(time.Minute, "OD reading after the pause", func() bool {
			return slices.ContainsFunc(h.Facts[n:], func(f actors.Fact) bool { _, is := f.(actors.ODReading); return is })
		})
	}
}
