package bench_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
)

// hands do random things to a house that doses much: pauses in mid-dose,
// crashes and power cuts in pauses, samples, jobs started and stopped.
type hands struct {
	t      *testing.T
	h      *actorstest.House
	rng    *rand.Rand
	paused bool // told so, and not resumed since
	n      int
}

// TestNothingMovesInAPauseWhateverHappens: from the answer to a pause until
// somebody resumes nothing is dosed and nothing is read, and afterwards all that
// the pause had stopped goes on.
func TestNothingMovesInAPauseWhateverHappens(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := &hands{t: t, rng: rand.New(rand.NewPCG(seed, 11))}
			p.h = open(t, seed+1, func(c *cmd.Config) {
				c.Sim.WasteSeen = true
				c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=chemostat duration=1 exchange_volume_ml=0.5"}
				c.Bioreactor.MaxInflowVialsPerH = 100
			})
			p.h.OnFact(p.fact)
			for range 25 {
				p.anything()
				for range p.rng.IntN(40) {
					p.h.Run(250 * time.Millisecond)
					p.look()
				}
			}
			patient(t, p.h, "vial", actors.StopDosing{Reason: "the end"})
			p.resume()
			p.h.RunUntil(3*time.Minute, "ready jobs", p.h.AllReady)
		})
	}
}

func (p *hands) fact(f actors.Fact) {
	switch f := f.(type) {
	case actors.DoseStarted, actors.ODReading, actors.ODReadings:
		if p.paused {
			p.t.Fatalf("in a pause: %#v", f)
		}
	}
}

func (p *hands) look() {
	for _, role := range hw.PumpRoles {
		if p.paused && p.h.Board.Truth().Pump(role).On {
			p.t.Fatalf("in a pause: the pump %s runs", role)
		}
	}
	if rpm := p.h.Board.Truth().RPM; p.paused && p.h.State("stirring") == actors.Ready && rpm < 100 && p.h.Clock.Mono() > 30*time.Second {
		p.t.Fatalf("in a pause: %.0f rpm", rpm)
	}
}

func (p *hands) resume() {
	p.paused = false
	patient(p.t, p.h, "bench", actors.ResumeVial{})
}

func (p *hands) anything() {
	switch p.rng.IntN(9) {
	case 0, 1, 2:
		p.n++
		p.h.Command(actors.Command{ID: fmt.Sprintf("hand-%d", p.n), Target: "vial", Body: actors.Dose{MediaML: 0.3, WasteML: 0.5}})
		p.h.Run(time.Duration(p.rng.IntN(6000)) * time.Millisecond)
		fallthrough
	case 3:
		patient(p.t, p.h, "bench", actors.PauseVial{})
		p.paused = true
	case 4:
		p.resume()
	case 5:
		p.h.Do("vial", actors.SampleTaken{ML: 0.1})
	case 6, 7:
		names := []string{"bench", "od_reading", "dosing_automation", "vial", "pumps", "experiment", "devices"}
		p.h.System.Crash(names[p.rng.IntN(len(names))], "a planted panic")
		p.h.Run(time.Second)
	case 8:
		p.h.Kill()
		p.h.Run(2 * time.Second)
	}
}
