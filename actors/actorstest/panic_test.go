package actorstest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
	"github.com/pioactor/pioactor/hw"
)

// doser is an automation that doses as soon as it is ready and then fails when
// it is told to, so that its own pump runs when it panics.
type doser struct {
	VolumeML float64 `toml:"volume_ml" unit:"mL" min:"0" max:"2" set:"yes"`
}

func (d *doser) Receive(c *actors.Context, msg any) error {
	if e, ok := msg.(actors.Entered); ok && e.State == actors.Ready {
		return c.AddMedia(d.VolumeML)
	}
	return nil
}

func init() {
	actors.Register(actors.Dosing, "doser", func() actors.Job { return &doser{VolumeML: 0.9} })
}

// seeds is how many interleavings the gate tries; race instrumentation makes
// each ten times as slow.
func seeds(full int) int {
	if actorstest.RaceEnabled || testing.Short() {
		return full / 10
	}
	return full
}

var jobs = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation", "monitor"}

func withDoser(c *cmd.Config) {
	c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=doser"}
}

func TestPanicOfAnyJobWhileAPumpRuns(t *testing.T) {
	for seed := range uint64(seeds(1000)) {
		victim := jobs[seed%uint64(len(jobs))]
		h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed + 1, Configure: withDoser})
		pumping := func() bool { return h.Board.Truth().Pump(hw.Media).On }
		h.RunUntil(10*time.Second, "pump on", pumping)
		h.RunUntil(10*time.Second, "all ready", h.AllReady)
		if !pumping() {
			t.Fatalf("seed %d: the dose ended before every job was ready", seed)
		}
		if r := h.Set("stirring", "target_rpm", "444"); !r.OK {
			t.Fatal(r.Reason)
		}
		before, crashed := len(h.Facts), h.Lived()
		h.System.Crash(victim, "a defect in "+victim)
		off, back := time.Duration(-1), time.Duration(-1)
		h.OnFact(func(f actors.Fact) {
			if s, ok := f.(actors.JobState); ok && s.Job == victim && s.State == actors.Init && back < 0 {
				back = h.Lived() - crashed
				off = -1
				if !pumping() {
					off = 0
				}
			}
		})
		h.Run(150 * time.Millisecond)
		if back < 0 || back > 100*time.Millisecond {
			t.Fatalf("seed %d: %s is in init after %v, want ≤ 100 ms", seed, victim, back)
		}
		if victim == "dosing_automation" && off != 0 {
			t.Fatalf("seed %d: its pump still ran when %s was started again", seed, victim)
		}
		h.Run(10 * time.Second)
		others(t, h, seed, victim, h.Facts[before:])
		if s, _ := actors.LatestOf[actors.SettingChanged](h.System, "stirring/target_rpm"); s.Value != 444.0 {
			t.Fatalf("seed %d: target_rpm %v after the panic of %s, want 444", seed, s.Value, victim)
		}
		if s := h.State(victim); s != actors.Ready {
			t.Fatalf("seed %d: %s is %s, want ready", seed, victim, s)
		}
	}
}

// others fails the test if a job other than victim changed state or complained.
func others(t *testing.T, h *actorstest.House, seed uint64, victim string, facts []actors.Fact) {
	t.Helper()
	for _, f := range facts {
		switch f := f.(type) {
		case actors.JobState:
			if f.Job != victim {
				t.Fatalf("seed %d: %s noticed the panic of %s: it is %s", seed, f.Job, victim, f.State)
			}
		case actors.Log:
			if f.Task != victim && f.Level == "error" {
				t.Fatalf("seed %d: %s noticed the panic of %s: %s", seed, f.Task, victim, f.Message)
			}
		}
	}
}

func TestJobThatAlwaysFailsEndsLostAndTheCultureGoesOn(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{})
	h.RunUntil(10*time.Second, "all ready", h.AllReady)
	for range 30 {
		h.System.Crash("growth_rate_calculating", "a defect that comes back")
		h.Run(10 * time.Second)
	}
	if s := h.State("growth_rate_calculating"); s != actors.Lost {
		t.Fatalf("growth_rate_calculating is %s, want lost", s)
	}
	a, ok := actors.LatestOf[actors.Alarm](h.System, "growth_rate_calculating_lost")
	if !ok || !a.Active || !strings.Contains(a.Text, "defect") {
		t.Errorf("alarm %+v, want an active one that names the defect", a)
	}
	before := len(actorstest.Collect[actors.ODReadings](h))
	h.Run(time.Minute)
	if n := len(actorstest.Collect[actors.ODReadings](h)) - before; n < 11 {
		t.Errorf("%d readings in the minute after, want 12", n)
	}
}

// history is the fingerprint of an hour with a panic and a power cut in it.
func history(t *testing.T, seed uint64) string {
	h := actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Forget: true})
	h.Run(30 * time.Minute)
	h.System.Crash("od_reading", "a defect")
	h.Kill()
	h.Run(30 * time.Minute)
	return h.Hash()
}

// historyOf asks a new process for a history.
const historyOf = "PIOACTOR_HISTORY_OF_SEED"

func TestSameSeedSameHistoryInTwoProcesses(t *testing.T) {
	if text := os.Getenv(historyOf); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("history", history(t, seed))
		return
	}
	elsewhere := func(seed string) string {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSameSeedSameHistoryInTwoProcesses$", "-test.v=false")
		cmd.Env = append(os.Environ(), historyOf+"="+seed)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(out), "history ")
		hash, _, _ := strings.Cut(after, "\n")
		return hash
	}
	here := history(t, 1)
	if there := elsewhere("1"); there != here {
		t.Errorf("seed 1 is %s here and %s in another process", here, there)
	}
	if other := elsewhere("2"); other == here {
		t.Error("seeds 1 and 2 have one history")
	}
}
