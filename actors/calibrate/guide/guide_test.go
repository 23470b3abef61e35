package guide

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/hw/calibration"
)

var mediaPump = Subject{Device: "media_pump", Unit: "pio1", Stamp: "2026-01-31-1205"}

// feed gives inputs in order; each must be taken.
func feed(t testing.TB, g Guide, inputs ...Input) (Guide, Action) {
	t.Helper()
	var action Action
	for i, in := range inputs {
		var err error
		if g, action, err = g.Step(in); err != nil {
			t.Fatalf("input %d, %#v: %v", i, in, err)
		}
	}
	return g, action
}

// started is a pump of 0.1 mL/s, ready for its first weighing of 1 mL.
func started(t testing.TB) Guide {
	g, _ := feed(t, NewPump(mediaPump), Answer{"1"}, Answer{"0"}, Answer{}, Ran{time.Second}, Answer{"0.1"})
	return g
}

// weighed is after all weighings, each exact at rate mL/s.
func weighed(t testing.TB, g Guide, rate float64) Guide {
	t.Helper()
	for range weighings {
		var action Action
		g, action = feed(t, g, Answer{})
		d := action.(Run).For
		g, _ = feed(t, g, Ran{d}, Answer{number4(rate * d.Seconds())})
	}
	return g
}

func TestPumpPlanIsPioreactors(t *testing.T) {
	g, _ := feed(t, NewPump(mediaPump), Answer{"0.5 2"}, Answer{"0"}, Answer{}, Ran{time.Second}, Answer{"0.1"})
	want := []float64{4, 4, 4, 4, 13, 13, 22, 22, 22, 22} // s: 0.8·0.5/0.1, between, 1.1·2/0.1
	for i, s := range want {
		next, action := feed(t, g, Answer{})
		if got := action.(Run).For.Seconds(); math.Abs(got-s) > 1e-9 {
			t.Errorf("run %d lasts %g s, want %g s", i+1, got, s)
		}
		g, _ = feed(t, next, Ran{action.(Run).For}, Answer{number4(0.1 * s)})
	}
	g, action := feed(t, g, Answer{})
	c := action.(Keep).Calibration
	if c.Name != "media_pump-2026-01-31-1205" || c.Kind != calibration.Pump || len(c.Recorded.X) != 10 ||
		c.X != "Duration" || c.Y != "Volume" || c.PWMHz != 250 || c.DutyPercent != 100 {
		t.Errorf("kept %+v", c)
	}
	if got := c.Curve.At(1); math.Abs(got-0.1) > 1e-6 || c.Curve.At(0) != 0 {
		t.Errorf("rate %g mL/s, want 0.1, through the origin", got)
	}
	_, action = feed(t, g, Kept{}, Answer{"no"})
	if _, ok := action.(Finish); !ok {
		t.Errorf("ends with %#v", action)
	}
}

func TestImplausibleAnswersAreRefusedWithTheReason(t *testing.T) {
	fresh := func(t testing.TB) Guide { return NewPump(mediaPump) }
	primed := func(t testing.TB) Guide { g, _ := feed(t, fresh(t), Answer{"1"}); return g }
	tracing := func(t testing.TB) Guide {
		g, _ := feed(t, primed(t), Answer{"0"}, Answer{}, Ran{time.Second})
		return g
	}
	weighing := func(t testing.TB) Guide { g, _ := feed(t, started(t), Answer{}, Ran{8 * time.Second}); return g }
	running := func(t testing.TB) Guide { g, _ := feed(t, primed(t), Answer{"5"}); return g }
	naming := func(t testing.TB) Guide { return weighed(t, started(t), 0.1) }
	for name, c := range map[string]struct {
		at    func(testing.TB) Guide
		in    Input
		wants string
	}{
		"a comma":                  {fresh, Answer{"0,5"}, "such as 0.5"},
		"a word":                   {fresh, Answer{"much"}, "want a number of mL"},
		"not a number":             {fresh, Answer{"NaN"}, "want a number of mL"},
		"more than the vial":       {fresh, Answer{"1 500"}, "want 0.05 to 40 mL"},
		"no volume":                {fresh, Answer{";"}, "at least one number"},
		"a minute of minutes":      {primed, Answer{"600"}, "want 0 to 120 s"},
		"too short to prime":       {primed, Answer{"0.01"}, "want 0, or 0.1 s or more"},
		"nothing to weigh":         {tracing, Answer{""}, "want a number of g"},
		"milligrams":               {tracing, Answer{"90"}, "is the weight in grams"},
		"a dry tube":               {tracing, Answer{"0.001"}, "mL/s, and such pumps move"},
		"infinite":                 {tracing, Answer{"Inf"}, "want 0 to 1000 g"},
		"an untared vessel":        {weighing, Answer{"12.5"}, "about 0.80 g were expected"},
		"half of it beside":        {weighing, Answer{"0.39"}, "was the vessel on the scale"},
		"less than nothing":        {weighing, Answer{"-0.8"}, "want 0 to 1000 g"},
		"an answer while it runs":  {running, Answer{"1"}, "wait until the pump has stopped"},
		"an undo while it runs":    {running, Undo{}, "wait until the pump has stopped"},
		"undo of nothing":          {fresh, Undo{}, "nothing to undo"},
		"redo of nothing":          {primed, Redo{}, "nothing to redo"},
		"a name that is no file":   {naming, Answer{"../x"}, "names a file"},
		"a run nobody wanted":      {fresh, Ran{time.Second}, "no run is under way"},
		"a run while it is a save": {fresh, Kept{}, "nothing is being kept"},
		"a speed":                  {fresh, Measured{500}, "does not wait for"},
	} {
		t.Run(name, func(t *testing.T) {
			g := c.at(t)
			before := g.Prompt()
			after, action, err := g.Step(c.in)
			if err == nil || !strings.Contains(err.Error(), c.wants) || action != nil {
				t.Errorf("got %v and %#v, want %q", err, action, c.wants)
			}
			if now := after.Prompt(); now.Title != before.Title || now.Text != before.Text {
				t.Errorf("asks %q after a refusal, before %q", now.Text, before.Text)
			}
		})
	}
}

func TestSlowPumpsAreToldToUseLessWater(t *testing.T) {
	g, _ := feed(t, NewPump(mediaPump), Answer{"20"}, Answer{"0"}, Answer{}, Ran{time.Second})
	if _, _, err := g.Step(Answer{"0.05"}); err == nil || !strings.Contains(err.Error(), "takes 440 s, at most 300 s") {
		t.Errorf("a run of 440 s: %v", err)
	}
	g, _ = feed(t, NewPump(mediaPump), Answer{"0.1"}, Answer{"0"}, Answer{}, Ran{time.Second})
	if _, _, err := g.Step(Answer{"4"}); err == nil || !strings.Contains(err.Error(), "too short to be exact") {
		t.Errorf("a run of 0.02 s: %v", err)
	}
}

func TestUndoTakesTheRunBackAndRedoRestoresIt(t *testing.T) {
	g, _ := feed(t, started(t), Answer{}, Ran{8 * time.Second}, Answer{"0.8"})
	if n := len(g.Points().X); n != 1 {
		t.Fatalf("%d points, want 1", n)
	}
	g, _ = feed(t, g, Undo{}) // the weight again
	if q := g.Prompt(); q.Field.Name != "weight_g" || !q.Redo {
		t.Errorf("after one undo %+v, want the weight asked again", q)
	}
	g, _ = feed(t, g, Undo{}) // the run again
	if q := g.Prompt(); q.Field.Name != "" {
		t.Errorf("after two undos %+v, want the run", q)
	}
	g, action := feed(t, g, Redo{}, Redo{})
	if p := g.Points(); action != nil || len(p.X) != 1 || p.Y[0] != 0.8 {
		t.Errorf("after redo %+v and %#v, want the point and no run", p, action)
	}
	g, _ = feed(t, g, Undo{}, Answer{"0.9"})
	if p := g.Points(); g.Prompt().Redo || p.Y[0] != 0.9 {
		t.Errorf("a new answer: %+v, want 0.9 mL and nothing to redo", p)
	}
}

func TestFailedActionsAreAskedAgain(t *testing.T) {
	g, _ := feed(t, started(t), Answer{})
	g, action := feed(t, g, Failed{"the pump ran for 1 of 8 s"})
	if n := len(g.Points().X); action != nil || n != 0 || g.Prompt().Field.Name != "" {
		t.Errorf("after a failed run %+v, want the same run again", g.Prompt())
	}
	g = weighed(t, g, 0.1)
	g, _ = feed(t, g, Answer{"taken"}, Failed{"the name is taken"})
	if q := g.Prompt(); q.Field.Name != "name" {
		t.Errorf("after a refused name %+v, want the name again", q)
	}
	g, _ = feed(t, g, Answer{"free"}, Kept{})
	if _, _, err := g.Step(Undo{}); err == nil || !strings.Contains(err.Error(), "saved already") {
		t.Errorf("undo of what is saved: %v", err)
	}
}

func TestUseWithoutAskingIsDoneAfterSaving(t *testing.T) {
	s := mediaPump
	s.Use = true
	g, _ := feed(t, NewPump(s), Answer{"1"}, Answer{"0"}, Answer{}, Ran{time.Second}, Answer{"0.1"})
	g, action := feed(t, weighed(t, g, 0.1), Answer{"a"}, Kept{})
	if action != (Use{"a"}) {
		t.Fatalf("after saving %#v, want it used", action)
	}
	if _, action = feed(t, g, Kept{}); !strings.Contains(action.(Finish).Text, "active calibration of media_pump") {
		t.Errorf("ends %#v", action)
	}
}

func TestResultWarnsOfWhatCannotBe(t *testing.T) {
	g := started(t)
	for i := range weighings { // longer runs, less water
		next, action := feed(t, g, Answer{})
		ml := 1.2
		if i >= 6 {
			ml = 0.8
		}
		g, _ = feed(t, next, Ran{action.(Run).For}, Answer{number4(ml)})
	}
	if w := g.Prompt().Warnings; len(w) != 2 || !strings.Contains(w[0], "Longer runs moved less") {
		t.Errorf("warnings %q, want both", w)
	}
}

func TestStirrerIsRampedDownUpDown(t *testing.T) {
	var g Guide
	g, action := NewStirring(Subject{Device: "stirring", Unit: "pio1", Stamp: "x", Duty: 30}).Begin()
	var duties []float64
	for {
		stir, ok := action.(Stir)
		if !ok {
			break
		}
		if stir.Window == 0 {
			g, action = feed(t, g, Ran{stir.Settle})
			continue
		}
		duties = append(duties, stir.Percent)
		rpm := 20 * stir.Percent
		if len(duties) == 3 {
			rpm = 0 // stands once: left out
		}
		g, action = feed(t, g, Measured{rpm})
	}
	if len(duties) != 15 || duties[0] != 39.9 || duties[4] != 19.8 || duties[5] != 19.8 || duties[9] != 39.9 || duties[14] != 19.8 {
		t.Errorf("duties %v, want 39.9 to 19.8 %%, back, and down again", duties)
	}
	c := action.(Keep).Calibration
	if got := c.Curve.At(30); math.Abs(got-600) > 1 || len(c.Recorded.X) != 14 || c.PWMHz != 200 || c.X != "DC %" {
		t.Errorf("kept %+v, 30 %% gives %g rpm", c, got)
	}
	if w := g.Prompt().Warnings; len(w) != 1 || !strings.Contains(w[0], "At 1 of 15") {
		t.Errorf("warnings %q", w)
	}
	if _, _, err := g.Step(Answer{"1"}); err == nil {
		t.Error("an answer was taken where none is asked")
	}
}

func TestStirrerThatStandsIsNoCalibration(t *testing.T) {
	for name, c := range map[string]struct {
		rpm  func(duty float64) float64
		want string
	}{
		"no bar":      {func(float64) float64 { return 0 }, "look whether there is a stir bar"},
		"falls":       {func(duty float64) float64 { return 1000 - duty }, "more duty did not give more speed"},
		"not at once": {nil, "no lease"},
	} {
		t.Run(name, func(t *testing.T) {
			g, action := NewStirring(Subject{Device: "stirring", Duty: 30}).Begin()
			for {
				stir, ok := action.(Stir)
				switch {
				case !ok:
					if got := action.(Abort).Reason; !strings.Contains(got, c.want) {
						t.Errorf("ends %q, want %q", got, c.want)
					}
					return
				case c.rpm == nil:
					g, action = feed(t, g, Failed{"no lease"})
				case stir.Window == 0:
					g, action = feed(t, g, Ran{stir.Settle})
				default:
					g, action = feed(t, g, Measured{c.rpm(stir.Percent)})
				}
			}
		})
	}
}

// TestPumpNeverForgetsOrInvents: whatever is fed in, a refused input changes
// nothing, undo and redo are inverse, no run is longer than allowed, and the
// points are as many as the weights that count.
func TestPumpNeverForgetsOrInvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g Guide = NewPump(mediaPump)
		var under Action
		for range rapid.IntRange(1, 200).Draw(t, "inputs") {
			in := draw(t, under)
			before := g.(Pump)
			next, action, err := g.Step(in)
			p := next.(Pump)
			switch {
			case err != nil && (len(p.done) != len(before.done) || len(p.undone) != len(before.undone) || p.busy != before.busy):
				t.Fatalf("%#v was refused and changed %+v to %+v", in, before, p)
			case err != nil:
				continue
			}
			if run, ok := action.(Run); ok && (run.For <= 0 || run.For.Seconds() > longestRunS || !(run.ML > 0)) {
				t.Fatalf("%#v leads to %+v", in, run)
			}
			if _, undone := in.(Undo); undone {
				if again, _, err := next.Step(Redo{}); err != nil || len(again.(Pump).done) != len(before.done) {
					t.Fatalf("redo after undo: %v", err)
				}
			}
			if q := p.Prompt(); !(q.Percent >= 0 && q.Percent <= 100) || len(p.Points().X) != len(p.Points().Y) {
				t.Fatalf("prompt %+v, points %+v", q, p.Points())
			}
			if keep, ok := action.(Keep); ok {
				keep.Calibration.CreatedAt = time.Unix(0, 0)
				if err := keep.Calibration.Validate(); err != nil {
					t.Fatal(err)
				}
			}
			g, under = next, action
		}
	})
}

// draw is an input: mostly one that goes on, sometimes any.
func draw(t *rapid.T, under Action) Input {
	wild := rapid.SampledFrom([]Input{Undo{}, Redo{}, Undo{}, Ran{time.Second}, Kept{}, Failed{"x"}, Measured{1}, Answer{"yes"}, Answer{"-1"},
		Answer{"1e300"}, Answer{"0.8"}}).Draw(t, "input")
	if rapid.IntRange(0, 9).Draw(t, "wild") == 0 {
		return wild
	}
	switch a := under.(type) {
	case Run:
		return Ran{a.For}
	case Keep, Use:
		return Kept{}
	}
	return Answer{rapid.SampledFrom([]string{"", "1", "0", "0.1", "0.8", "1.1", "0.95"}).Draw(t, "answer")}
}

func number4(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }
