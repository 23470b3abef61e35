package bench_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// open is a house whose turbidostat doses a growing culture.
func open(t *testing.T, seed uint64, change ...func(*cmd.Config)) *actorstest.House {
	t.Helper()
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=1.25"}
		c.Sim.LagH, c.Sim.InitialODAU = 0, 0.4
		for _, more := range change {
			more(c)
		}
	}})
	h.RunUntil(time.Minute, "ready jobs", h.AllReady)
	return h
}

// dosing is open once the turbidostat doses.
func dosing(t *testing.T, seed uint64, change ...func(*cmd.Config)) *actorstest.House {
	t.Helper()
	h := open(t, seed, change...)
	h.RunUntil(2*time.Hour, "third dose", func() bool { return len(actorstest.Collect[actors.Dosed](h)) >= 3 })
	return h
}

// patient sends a command that may take longer than a second.
func patient(t *testing.T, h *actorstest.House, target string, body any) (r actors.Reply) {
	t.Helper()
	answered := false
	h.System.Do(actors.Command{Target: target, Body: body}, func(got actors.Reply) { r, answered = got, true })
	h.RunUntil(45*time.Second, fmt.Sprintf("answer to %T", body), func() bool { return answered })
	if !r.OK {
		t.Fatalf("%T: %s: %s", body, r.Code, r.Reason)
	}
	return r
}

func inject(t *testing.T, h *actorstest.House, f sim.Fault) {
	t.Helper()
	if err := h.Board.Inject(f); err != nil {
		t.Fatal(err)
	}
}

// still fails the test if anything is dosed or read from fact number n on.
func still(t *testing.T, h *actorstest.House, n int) {
	t.Helper()
	for _, f := range h.Facts[n:] {
		switch f := f.(type) {
		case actors.DoseStarted, actors.DosingEvent, actors.ODReading, actors.ODReadings:
			t.Fatalf("in a pause: %#v", f)
		}
	}
	for _, role := range hw.PumpRoles {
		if h.Board.Truth().Pump(role).On {
			t.Fatalf("in a pause: the pump %s runs", role)
		}
	}
}

func alarm(h *actorstest.House, name string) bool {
	a, _ := actors.LatestOf[actors.Alarm](h.System, name)
	return a.Active
}

func level(h *actorstest.House) float64 {
	f, _ := actors.LatestOf[actors.ODFiltered](h.System, "")
	return f.Value
}

func volume(h *actorstest.House) actors.Vial {
	v, _ := actors.LatestOf[actors.Vial](h.System, "")
	return v
}

func seeds(t *testing.T, f func(t *testing.T, seed uint64)) {
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { f(t, seed) })
	}
}

func TestPauseHoldsTheVialWhileSomebodySamples(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		h := dosing(t, seed)
		h.Run(time.Duration(seed*7) * time.Second)
		patient(t, h, "bench", actors.PauseVial{})
		n, nod, density, before := len(h.Facts), level(h), h.Board.Truth().ODAU, volume(h).VolumeML
		inject(t, h, sim.Fault{Kind: sim.VialRemoved})
		inject(t, h, sim.Fault{Kind: sim.Sample, Value: 1})
		if r := h.Do("vial", actors.SampleTaken{ML: 1}); !r.OK {
			t.Fatal(r.Reason)
		}
		if r := h.Do("vial", actors.Dose{MediaML: 0.5}); r.Code != "paused" || !strings.Contains(r.Reason, "vial resume") {
			t.Errorf("inflow by hand in a pause answered %+v, want paused and the next step", r)
		}
		h.Run(14 * time.Minute)
		if alarm(h, "vial_paused") {
			t.Error("reminded before 15 min")
		}
		h.Run(6 * time.Minute)
		if !alarm(h, "vial_paused") {
			t.Error("not reminded after 15 min")
		}
		still(t, h, n)
		if rpm := h.Board.Truth().RPM; math.Abs(rpm-500) > 50 {
			t.Errorf("stirring at %.0f rpm in a pause, want 500", rpm)
		}
		if v := volume(h).VolumeML; math.Abs(v-(before-1)) > 1e-9 {
			t.Errorf("%.3f mL in the books after 1 mL of %.3f was sampled", v, before)
		}
		if err := h.Board.Clear(sim.Fault{Kind: sim.VialRemoved}); err != nil {
			t.Fatal(err)
		}
		end := len(h.Facts)
		grown := nod * h.Board.Truth().ODAU / density
		patient(t, h, "bench", actors.ResumeVial{})
		if alarm(h, "vial_paused") {
			t.Error("still reminded after the pause")
		}
		h.RunUntil(15*time.Second, "OD again", func() bool { return level(h) != nod })
		if s := h.State("dosing_automation"); s != actors.Sleeping {
			t.Errorf("dosing_automation is %s right after the resume, want sleeping until the culture has settled", s)
		}
		i := slices.IndexFunc(h.Facts[end:], func(f actors.Fact) bool { d, ok := f.(actors.Disturbance); return ok && d.Cause == "resume" })
		j := slices.IndexFunc(h.Facts[end:], func(f actors.Fact) bool { _, ok := f.(actors.ODReadings); return ok })
		if i < 0 || i > j {
			t.Errorf("the disturbance is fact %d after the pause and the first reading fact %d, want the disturbance first", i, j)
		}
		h.Run(15 * time.Second)
		if got := level(h); math.Abs(got/grown-1) > 0.06 {
			t.Errorf("normalized OD %.3f after the pause, want %.3f: what grew meanwhile", got, grown)
		}
		h.Run(15 * time.Second)
		if !h.AllReady() {
			t.Error("not all that the pause had stopped goes on 45 s after the resume")
		}
		end = len(h.Facts)
		h.Run(20 * time.Minute)
		for _, f := range h.Facts[end:] {
			if g, ok := f.(actors.GrowthRate); ok && math.Abs(g.PerH-h.Board.Truth().MuPerH) > 0.25 {
				t.Fatalf("growth rate %.3f 1/h after the pause, true %.3f", g.PerH, h.Board.Truth().MuPerH)
			}
		}
		if o := h.Board.Truth().OverflowML; o > 0 {
			t.Errorf("%.2f mL spilled", o)
		}
	})
}

func TestRestartInAPauseStaysPaused(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		h := dosing(t, seed)
		patient(t, h, "bench", actors.PauseVial{})
		dark := lastReading(t, h).DarkV
		inject(t, h, sim.Fault{Kind: sim.VialRemoved})
		h.Run(10 * time.Minute)
		n := len(h.Facts)
		for range 3 {
			h.Kill()
			h.Run(time.Minute)
			h.System.Crash("bench", "a planted panic")
			h.System.Crash("od_reading", "a planted panic")
			h.Run(time.Minute)
		}
		still(t, h, n)
		for _, job := range []string{"od_reading", "dosing_automation"} {
			if s := h.State(job); s != actors.Sleeping {
				t.Errorf("%s is %s in a pause after a restart, want sleeping", job, s)
			}
			if r := h.Do(job, actors.SetState{State: actors.Ready}); r.Code != "held" {
				t.Errorf("waking %s in a pause answered %+v, want held", job, r)
			}
		}
		if !alarm(h, "vial_paused") {
			t.Error("not reminded 16 min after the pause began, restarts between")
		}
		if err := h.Board.Clear(sim.Fault{Kind: sim.VialRemoved}); err != nil {
			t.Fatal(err)
		}
		nod := level(h)
		patient(t, h, "bench", actors.ResumeVial{})
		if seed == 1 {
			h.Kill() // in the wait before dosing
		}
		h.RunUntil(2*time.Minute, "ready jobs", h.AllReady)
		h.RunUntil(time.Minute, "growth", func() bool { return level(h) > 0 })
		if got := lastReading(t, h).DarkV; math.Abs(got-dark) > 0.01 {
			t.Errorf("dark offset %.3f V after the pause, %.3f before: room light through the empty holder counts", got, dark)
		}
		if got := level(h); nod > 0 && math.Abs(got/nod-1) > 0.5 {
			t.Errorf("normalized OD %.2f after the pause, %.2f before", got, nod)
		}
	})
}

func TestResumeWakesOnlyWhatThePauseStopped(t *testing.T) {
	h := open(t, 1)
	h.Do("dosing_automation", actors.SetState{State: actors.Sleeping})
	patient(t, h, "bench", actors.PauseVial{})
	h.Kill()
	h.Run(10 * time.Second)
	h.Do("od_reading", actors.SetState{State: actors.Disconnected})
	patient(t, h, "bench", actors.ResumeVial{})
	h.Run(2 * time.Minute)
	if s := h.State("dosing_automation"); s != actors.Sleeping {
		t.Errorf("dosing_automation is %s, want asleep as it was before the pause", s)
	}
	if s := h.State("od_reading"); s != actors.Disconnected {
		t.Errorf("od_reading is %s, want stopped as in the pause", s)
	}
}

// What a resume has woken belongs to people again, although dosing still settles.
func TestAPersonMayPutToSleepWhatAResumeWoke(t *testing.T) {
	for name, then := range map[string]func(*actorstest.House){
		"while the rest settles": func(*actorstest.House) {},
		"before the next pause": func(h *actorstest.House) {
			patient(t, h, "bench", actors.PauseVial{})
			patient(t, h, "bench", actors.ResumeVial{})
		},
		"before a restart": func(h *actorstest.House) { h.System.Crash("bench", "a planted panic") },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, 1)
			patient(t, h, "bench", actors.PauseVial{})
			patient(t, h, "bench", actors.ResumeVial{})
			h.Run(5 * time.Second)
			h.Do("od_reading", actors.SetState{State: actors.Sleeping})
			then(h)
			h.Run(2 * time.Minute)
			if s := h.State("od_reading"); s != actors.Sleeping {
				t.Errorf("od_reading is %s, want asleep: a person put it to sleep", s)
			}
			if s := h.State("dosing_automation"); s != actors.Ready {
				t.Errorf("dosing_automation is %s, want it awake", s)
			}
		})
	}
}

// A job that a person put to sleep and that fails while dosing settles is
// restarted, not started: the next resume leaves it alone.
func TestResumeLeavesASleeperThatWasRestarted(t *testing.T) {
	h := open(t, 1)
	h.Do("od_reading", actors.SetState{State: actors.Sleeping})
	patient(t, h, "bench", actors.PauseVial{})
	patient(t, h, "bench", actors.ResumeVial{})
	h.Run(5 * time.Second)
	h.System.Crash("od_reading", "a planted panic")
	h.Run(2 * time.Second)
	if s := h.State("od_reading"); s != actors.Sleeping {
		t.Fatalf("od_reading is %s after its failure, want asleep as before", s)
	}
	patient(t, h, "bench", actors.PauseVial{})
	patient(t, h, "bench", actors.ResumeVial{})
	h.Run(2 * time.Minute)
	if s := h.State("od_reading"); s != actors.Sleeping {
		t.Errorf("od_reading is %s, want asleep: a person put it to sleep", s)
	}
}

func TestJobStartedInAPauseWaitsForItsEnd(t *testing.T) {
	h := open(t, 1)
	h.Do("od_reading", actors.SetState{State: actors.Disconnected})
	patient(t, h, "bench", actors.PauseVial{})
	n := len(h.Facts)
	patient(t, h, "experiment", actors.StartJob{Job: "od_reading"})
	h.Run(time.Minute)
	still(t, h, n)
	patient(t, h, "bench", actors.ResumeVial{})
	h.RunUntil(time.Minute, "ready jobs", h.AllReady)
}

func TestSecondPauseBeforeDosingWoke(t *testing.T) {
	h := dosing(t, 2)
	patient(t, h, "bench", actors.PauseVial{})
	patient(t, h, "bench", actors.ResumeVial{})
	h.Run(10 * time.Second)
	patient(t, h, "bench", actors.PauseVial{})
	n := len(h.Facts)
	h.Run(5 * time.Minute)
	still(t, h, n)
	patient(t, h, "bench", actors.ResumeVial{})
	h.Run(25 * time.Second)
	if s := h.State("dosing_automation"); s != actors.Sleeping {
		t.Errorf("dosing_automation is %s 25 s after the second resume, want sleeping", s)
	}
	h.RunUntil(time.Minute, "ready jobs", h.AllReady)
}

func TestPauseHoldsThoughTheDiskIsFull(t *testing.T) {
	h := open(t, 1)
	h.Store.Break(errors.New("disk full"))
	patient(t, h, "bench", actors.PauseVial{})
	if !alarm(h, "bench_not_saved") || h.State("od_reading") != actors.Sleeping {
		t.Errorf("od_reading is %s, want asleep, and an alarm that a restart would end the pause", h.State("od_reading"))
	}
	r := h.Do("bench", actors.ResumeVial{})
	if s, _ := actors.LatestOf[actors.VialState](h.System, ""); r.Code != "not_saved" || !s.Paused {
		t.Errorf("resume on a full disk answered %+v and paused = %v, want not_saved and still paused", r, s.Paused)
	}
	h.Store.Break(nil)
	patient(t, h, "bench", actors.ResumeVial{})
	h.RunUntil(time.Minute, "ready jobs", h.AllReady)
}

// TestPauseThatIsSaidAgainIsKept though the disk refused the first: who is told
// twice that the vial is paused relies on it.
func TestPauseThatIsSaidAgainIsKept(t *testing.T) {
	h := open(t, 1)
	h.Store.Break(errors.New("disk full"))
	patient(t, h, "bench", actors.PauseVial{})
	h.Store.Break(nil)
	patient(t, h, "bench", actors.PauseVial{})
	if alarm(h, "bench_not_saved") {
		t.Error("an alarm that the pause is not kept, after it was")
	}
	h.Kill()
	n := len(h.Facts)
	h.Run(5 * time.Minute)
	still(t, h, n)
}

func TestUnreadableBenchStateIsAPause(t *testing.T) {
	h := open(t, 1)
	if err := h.Store.Save("bench", []byte("{")); err != nil {
		t.Fatal(err)
	}
	h.Kill()
	n := len(h.Facts)
	h.Run(5 * time.Minute)
	still(t, h, n)
	if !alarm(h, "bench_not_saved") {
		t.Error("no alarm for state that cannot be read")
	}
	patient(t, h, "bench", actors.ResumeVial{})
	h.RunUntil(2*time.Minute, "ready jobs", h.AllReady)
}

func TestSampleBelowTheEffluxTube(t *testing.T) {
	h := open(t, 1)
	before := volume(h)
	patient(t, h, "vial", actors.SampleTaken{ML: 2.5})
	after := volume(h)
	if after.VolumeML != before.VolumeML-2.5 || after.VolumeML >= after.EffluxML || after.WasteML != before.WasteML {
		t.Errorf("%+v after a sample of 2.5 mL of %+v", after, before)
	}
	last := actorstest.Collect[actors.Disturbance](h)
	if len(last) == 0 || last[len(last)-1].Cause != "sample" {
		t.Errorf("disturbances %+v, want a sample", last)
	}
	if r := h.Do("vial", actors.SampleTaken{ML: 100}); r.OK || volume(h).VolumeML != after.VolumeML {
		t.Errorf("a sample of 100 mL answered %+v", r)
	}
	h.Kill()
	h.Run(5 * time.Second)
	if got := volume(h).VolumeML; got != after.VolumeML {
		t.Errorf("%v mL after a restart, want %v", got, after.VolumeML)
	}
}

func TestMarkIsADisturbance(t *testing.T) {
	h := open(t, 1)
	patient(t, h, "bench", actors.MarkVial{Cause: "turned"})
	patient(t, h, "bench", actors.MarkVial{})
	var causes []string
	for _, d := range actorstest.Collect[actors.Disturbance](h) {
		causes = append(causes, d.Cause)
	}
	if !slices.Equal(causes, []string{"turned", "marked by hand"}) {
		t.Errorf("causes %q", causes)
	}
	if r := h.Do("bench", actors.MarkVial{Cause: strings.Repeat("x", 201)}); r.Code != "too_long" {
		t.Errorf("a cause of 201 bytes answered %+v", r)
	}
}

// TestOwedWasteWaitsForTheEndOfAPause cuts the power in mid-exchange, in a pause
// that is being entered: the waste would come out of a vial that is not there.
func TestOwedWasteWaitsForTheEndOfAPause(t *testing.T) {
	h := dosing(t, 1)
	h.RunUntil(time.Hour, "media pump", func() bool { return h.Board.Truth().Pump(hw.Media).On })
	h.Run(3 * time.Second)
	h.System.Do(actors.Command{Target: "bench", Body: actors.PauseVial{}}, func(actors.Reply) {})
	h.Run(100 * time.Millisecond)
	h.Kill()
	n := len(h.Facts)
	h.Run(5 * time.Minute)
	still(t, h, n)
	if volume(h).OwedWasteML == 0 {
		t.Fatal("no waste is owed: the cut came at the wrong time")
	}
	patient(t, h, "bench", actors.ResumeVial{})
	h.RunUntil(3*time.Minute, "owed waste out", func() bool { return volume(h).OwedWasteML == 0 })
}
