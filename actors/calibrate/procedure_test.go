package calibrate_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
)

// bench is a house with somebody at its scale.
type bench struct {
	*house
	now actors.Procedure
}

// openBench is a unit without a culture to disturb: only the monitor runs.
func openBench(t *testing.T, seed uint64, configure func(*cmd.Config)) *bench {
	t.Helper()
	h := &house{t: t, House: actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Configure: func(c *cmd.Config) {
		c.Sim.Start = nil
		if configure != nil {
			configure(c)
		}
	}})}
	h.RunUntil(time.Minute, "unit", func() bool { return h.State("monitor") == actors.Ready })
	return &bench{house: h}
}

func (b *bench) ask(body any) actors.Reply {
	r := b.Do("procedure", body)
	if p, ok := r.Value.(actors.Procedure); ok {
		b.now = p
	}
	return r
}

// say answers, and waits until the next question.
func (b *bench) say(value string) {
	b.t.Helper()
	if r := b.ask(actors.AnswerProcedure{ID: b.now.ID, Turn: b.now.Turn, Value: value}); !r.OK {
		b.t.Fatalf("%q to %q: %s %s", value, b.now.Text, r.Code, r.Reason)
	}
	b.settle()
}

// settle waits for the end of what is under way.
func (b *bench) settle() {
	b.t.Helper()
	b.RunUntil(10*time.Minute, "next question", func() bool {
		b.now, _ = actors.LatestOf[actors.Procedure](b.System, "")
		return b.now.State != actors.ProcedureWorks
	})
}

func (b *bench) begin(device string) {
	b.t.Helper()
	if r := b.ask(actors.StartProcedure{Device: device}); !r.OK {
		b.t.Fatalf("%s: %s %s", device, r.Code, r.Reason)
	}
	b.settle()
}

func (b *bench) on(role hw.PumpRole) bool { return b.Board.Truth().Pump(role).On }

// weigh runs the pump by an empty answer and gives what the twin really moved,
// liquid or air: the tubes are in water, whatever the bottle holds.
func (b *bench) weigh(role hw.PumpRole) {
	b.t.Helper()
	before := b.Board.Truth().Pump(role)
	b.say("")
	after := b.Board.Truth().Pump(role)
	b.say(fmt.Sprintf("%.4f", after.MovedML+after.AirML-before.MovedML-before.AirML))
}

func TestPumpIsCalibratedToItsTrueRate(t *testing.T) {
	for seed, c := range map[uint64]struct {
		device string
		role   hw.PumpRole
		share  float64 // of the rate that is assumed without a calibration
	}{
		1: {"media_pump", hw.Media, 1.15}, 2: {"alt_media_pump", hw.AltMedia, 0.85}, 3: {"waste_pump", hw.Waste, 0.5},
	} {
		t.Run(c.device, func(t *testing.T) {
			b := openBench(t, seed, func(cfg *cmd.Config) {
				cfg.Sim.MediaRateFactor, cfg.Sim.AltMediaRateFactor, cfg.Sim.WasteRateFactor = c.share, c.share, c.share
			})
			rate := b.Config.Sim.PumpRateMLPerS * c.share
			vial, _ := actors.LatestOf[actors.Vial](b.System, "")
			b.begin(c.device)
			b.say("0.5 1")
			b.say("20")
			b.say("")
			b.weigh(c.role)
			for range 10 {
				b.weigh(c.role)
			}
			if b.now.Field.Name != "name" || len(b.now.Points.X) != 10 {
				t.Fatalf("asks %+v after ten weighings", b.now)
			}
			b.say("from water")
			b.say("yes")
			if b.now.State != actors.ProcedureEnded || b.now.Failed {
				t.Fatalf("ended %+v", b.now)
			}
			a := b.inForce(c.device)
			if got := a.Calibration.Curve.At(1); a.Name != "from water" || math.Abs(got/rate-1) > 0.02 {
				t.Errorf("%s in force gives %.5g mL/s, want %.5g ± 2 %%", a.Name, got, rate)
			}
			if a.Calibration.SupplyV <= 0 || a.Calibration.Unit != "pio1" {
				t.Errorf("kept %+v, want the supply and the unit", a.Calibration)
			}
			if after, _ := actors.LatestOf[actors.Vial](b.System, ""); after.VolumeML != vial.VolumeML || after.MediaML != vial.MediaML {
				t.Errorf("the books of the vial went from %+v to %+v", vial, after)
			}
			moved := 0.0
			for _, e := range actorstest.Collect[actors.DosingEvent](b.House) {
				if e.Source != "pump_calibration" {
					t.Errorf("event %+v", e)
				}
				moved += e.VolumeML
			}
			if truth := b.Board.Truth().Pump(c.role); moved < 8 || math.Abs(moved/(truth.MovedML+truth.AirML)-1) > 0.5 {
				t.Errorf("events of %.2f mL, truly %.2f", moved, truth.MovedML+truth.AirML)
			}
		})
	}
}

func TestStirrerIsCalibratedByItself(t *testing.T) {
	b := openBench(t, 1, nil)
	if r := b.ask(actors.StartProcedure{Device: "stirring", Use: true}); !r.OK {
		t.Fatal(r.Reason)
	}
	b.settle()
	a := b.inForce("stirring")
	if b.now.Failed || a.Name == "" || len(a.Calibration.Recorded.X) != 15 {
		t.Fatalf("ended %q with %+v in force", b.now.Text, a)
	}
	low, high := a.Calibration.Domain()
	if low != 19.8 || high != 39.9 || a.Calibration.At(high) < 1.5*a.Calibration.At(low) {
		t.Errorf("domain %g to %g %%, %g to %g rpm", low, high, a.Calibration.At(low), a.Calibration.At(high))
	}
	b.Run(time.Second)
	if duty := b.Board.Truth().StirrerPct; duty != 0 {
		t.Errorf("the stirrer is left at %g %%", duty)
	}
	last := -1.0
	for _, p := range actorstest.Collect[actors.Procedure](b.House) {
		if p.Done < last {
			t.Errorf("progress goes from %g back to %g %%", last, p.Done)
		}
		last = p.Done
	}
	if last != 100 {
		t.Errorf("ends at %g %%", last)
	}
}

func TestProcedureRefusesWhatIsInTheWay(t *testing.T) {
	h := open(t, 1) // stirring and dosing_automation run
	for device, want := range map[string]string{
		"media_pump": "pioactor jobs stop dosing_automation", "stirring": "pioactor jobs stop stirring", "heater": "want one of media_pump",
	} {
		r := h.Do("procedure", actors.StartProcedure{Device: device})
		if r.OK || !strings.Contains(r.Reason, want) {
			t.Errorf("%s: %+v, want %q", device, r, want)
		}
	}
	b := openBench(t, 1, nil)
	b.Do("bench", actors.PauseVial{})
	if r := b.Do("procedure", actors.StartProcedure{Device: "media_pump"}); r.Code != "paused" {
		t.Errorf("while the vial is paused: %+v", r)
	}
	b.Do("bench", actors.ResumeVial{})
	b.Run(time.Second)
	b.begin("media_pump")
	for name, c := range map[string]struct {
		code string
		body any
	}{
		"another device":    {"busy", actors.StartProcedure{Device: "waste_pump"}},
		"an old turn":       {"stale_turn", actors.AnswerProcedure{ID: b.now.ID, Turn: b.now.Turn - 1}},
		"another procedure": {"no_procedure", actors.UndoProcedure{ID: "x", Turn: b.now.Turn}},
		"nothing to redo":   {"invalid", actors.RedoProcedure{ID: b.now.ID, Turn: b.now.Turn}},
		"to stop another":   {"no_procedure", actors.StopProcedure{ID: "x"}},
		"something else":    {"unknown_command", actors.ListAlarms{}},
	} {
		before := b.now
		if r := b.ask(c.body); r.OK || r.Code != c.code {
			t.Errorf("%s: %+v, want %s", name, r, c.code)
		}
		if now, _ := actors.LatestOf[actors.Procedure](b.System, ""); now.Turn != before.Turn {
			t.Errorf("%s: it went on to %+v", name, now)
		}
	}
	again := b.now
	if b.begin("media_pump"); b.now.ID != again.ID || b.now.Turn != again.Turn {
		t.Errorf("started twice: %+v, want to go on with %+v", b.now, again)
	}
}

func TestPumpIsOffHoweverAProcedureEnds(t *testing.T) {
	for name, end := range map[string]func(b *bench){
		"stop":     func(b *bench) { b.ask(actors.StopProcedure{ID: b.now.ID}) },
		"crash":    func(b *bench) { b.System.Crash("procedure", "planted"); b.Run(time.Second) },
		"kill":     func(b *bench) { b.Kill() },
		"shutdown": func(b *bench) { b.System.Stop("node"); b.Run(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				b := openBench(t, seed+1, nil)
				b.begin("media_pump")
				b.say("1")
				r := b.ask(actors.AnswerProcedure{ID: b.now.ID, Turn: b.now.Turn, Value: "100"})
				b.Run(time.Duration(seed+1) * time.Second)
				if !r.OK || !b.on(hw.Media) || b.now.State != actors.ProcedureWorks {
					t.Fatalf("the pump does not run: %+v", r)
				}
				end(b)
				b.Run(time.Second)
				if b.on(hw.Media) {
					t.Error("the pump still runs")
				}
				b.Run(time.Minute)
				if p, ok := actors.LatestOf[actors.Procedure](b.System, ""); b.on(hw.Media) || ok && p.State != actors.ProcedureEnded {
					t.Errorf("a minute later: pump on %v, %+v", b.on(hw.Media), p)
				}
			}
		})
	}
}

func TestProcedureEndsWhenNobodyAnswers(t *testing.T) {
	b := openBench(t, 1, nil)
	b.begin("media_pump")
	b.Run(14 * time.Minute)
	b.say("1")
	b.Run(14 * time.Minute)
	if b.now, _ = actors.LatestOf[actors.Procedure](b.System, ""); b.now.State != actors.ProcedureAsks {
		t.Fatalf("ended though somebody answered 14 min ago: %+v", b.now)
	}
	b.Run(2 * time.Minute)
	if b.now, _ = actors.LatestOf[actors.Procedure](b.System, ""); b.now.State != actors.ProcedureEnded || !b.now.Failed {
		t.Errorf("after 16 min: %+v, want it ended", b.now)
	}
}

func TestRunsThatCameToNothingAreAskedAgain(t *testing.T) {
	b := openBench(t, 1, nil)
	b.begin("media_pump")
	b.say("1")
	again := func(want string) {
		t.Helper()
		b.settle()
		b.Run(200 * time.Millisecond) // an actor that failed is started anew within 100 ms
		if !strings.Contains(b.now.Problem, want) || b.now.Field.Name != "prime_s" || b.now.State != actors.ProcedureAsks || b.on(hw.Media) {
			t.Errorf("asks %+v, want the run again, the pump off, and %q", b.now, want)
		}
	}
	b.ask(actors.AnswerProcedure{ID: b.now.ID, Turn: b.now.Turn, Value: "20"})
	b.Run(2 * time.Second)
	b.System.Crash("pumps", "planted")
	again("the actor pumps failed")
	for _, stop := range []actors.StopDosing{{Reason: "somebody said so"}, {Reason: "somebody said so", Action: "add_media"}} {
		b.ask(actors.AnswerProcedure{ID: b.now.ID, Turn: b.now.Turn, Value: "20"})
		b.Run(2 * time.Second)
		b.Do("vial", stop)
		again("the pumps were told to stop: somebody said so")
	}
	if r := b.Do("experiment", actors.StartJob{Job: "dosing_automation", Options: []setting.Pair{{Name: "automation_name", Value: "silent"}}}); !r.OK {
		t.Fatal(r.Reason)
	}
	b.say("20")
	again("pioactor jobs stop dosing_automation")
	b.Do("dosing_automation", actors.SetState{State: actors.Disconnected})
	b.Run(time.Second)
	if b.say("3"); b.now.Problem != "" {
		t.Errorf("with nothing in the way: %s", b.now.Problem)
	}
}

func TestTakenNameIsAskedAgain(t *testing.T) {
	b := openBench(t, 1, nil)
	for range 2 {
		b.begin("waste_pump")
		b.say("1")
		b.say("0")
		for range 11 {
			b.weigh(hw.Waste)
		}
		b.say("the same")
		if b.now.Field.Name == "use" {
			b.say("no")
		}
	}
	if !strings.Contains(b.now.Problem, "already has a file the same") || b.now.Field.Name != "name" {
		t.Fatalf("asks %+v, want another name", b.now)
	}
	b.say("another")
	if b.say("no"); b.now.State != actors.ProcedureEnded || b.now.Failed || b.inForce("waste_pump").Name != "" {
		t.Errorf("ended %+v with %+v in force", b.now, b.inForce("waste_pump"))
	}
}
