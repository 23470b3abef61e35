package stirring_test

import (
	"math"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/stirring"
	"github.com/pioactor/pioactor/actors/stirring/rotor"
	"github.com/pioactor/pioactor/hw/sim"
)

func TestReadyOnceTheKickIsOverAndAtTargetWithinAMinute(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		for _, target := range []float64{200, 500, 1500} {
			b := start(t, seed, nil, "target_rpm", target)
			if got := b.shown("duty_cycle"); got != 100.0 {
				t.Errorf("duty_cycle at first = %v %%, want the kick, 100", got)
			}
			took := b.wait(time.Second, "ready", func() bool { return b.state().State == actors.Ready })
			if took < 500*time.Millisecond {
				t.Errorf("ready after %v, want the kick of 0.5 s to be over", took)
			}
			b.wait(time.Minute, "at target", func() bool { return math.Abs(b.rate()-target) <= rotor.Tolerance })
			b.clk.Run(10 * time.Minute)
			if rpm := b.board.Truth().RPM; math.Abs(rpm-target) > rotor.Tolerance {
				t.Errorf("true speed after 10 min = %v rpm, want %v", rpm, target)
			}
		}
	})
}

func TestSpeedIsPublishedAtTheInterval(t *testing.T) {
	b := start(t, 1, nil)
	b.clk.Run(2 * time.Minute)
	before := len(b.facts)
	b.clk.Run(230 * time.Second)
	rates, pids := 0, 0
	for _, f := range b.facts[before:] {
		switch f := f.(type) {
		case actors.StirringRate:
			rates++
			if f.RPM != rotor.RoundRPM(f.RPM) {
				t.Errorf("rpm %v is not rounded to 0.1", f.RPM)
			}
		case actors.PIDLog:
			pids++
			if f.Target != "rpm" || f.Setpoint != 500 || math.Abs(f.Output) > 7.5 {
				t.Errorf("%+v", f)
			}
		}
	}
	if rates < 9 || rates > 11 || pids != rates {
		t.Errorf("in 230 s: %d rates and %d pid logs, want 10 of each", rates, pids)
	}
}

func TestChangedTargetAppliesAtOnce(t *testing.T) {
	b := start(t, 2, nil)
	b.clk.Run(5 * time.Minute)
	if r := b.set("target_rpm", "900"); !r.OK || b.shown("target_rpm") != 900.0 {
		t.Fatalf("%+v, shown %v", r, b.shown("target_rpm"))
	}
	b.wait(time.Minute, "900 rpm", func() bool { return math.Abs(b.rate()-900) <= rotor.Tolerance })
	b.set("target_rpm", 0)
	b.clk.Run(0)
	if duty := b.shown("duty_cycle"); duty != 0.0 || b.rate() != 0 {
		t.Errorf("stopped: duty %v, published %v rpm, want 0 and 0", duty, b.rate())
	}
	b.clk.Run(10 * time.Minute)
	if b.alarm("stirring_off") || b.board.Truth().RPM != 0 {
		t.Error("a stirrer that was told to rest alarms or turns")
	}
	b.set("target_rpm", 400)
	b.wait(time.Minute, "400 rpm from rest", func() bool { return math.Abs(b.rate()-400) <= rotor.Tolerance })
}

// TestTargetChangedWhileStartingCounts at whatever instant of the first kick.
func TestTargetChangedWhileStartingCounts(t *testing.T) {
	for seed, after := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond} {
		b := start(t, uint64(seed), nil)
		b.clk.Run(after)
		if b.state().State != actors.Init {
			t.Fatalf("%v after the start it is %s, want it to be starting", after, b.state().State)
		}
		if r := b.set("target_rpm", 900); !r.OK {
			t.Fatal(r.Reason)
		}
		b.clk.Run(5 * time.Minute)
		if rpm := b.board.Truth().RPM; math.Abs(rpm-900) > 50 || b.state().State != actors.Ready {
			t.Errorf("set %v after the start: the bar turns at %.0f rpm, %s; want 900, ready", after, rpm, b.state().State)
		}
	}
	b := start(t, 9, nil)
	b.set("target_rpm", 0)
	b.clk.Run(time.Minute)
	if rpm := b.board.Truth().RPM; rpm != 0 || b.state().State != actors.Ready || b.alarm("stirring_off") {
		t.Errorf("set to 0 while starting: %.0f rpm, %s, want it to rest, ready", rpm, b.state().State)
	}
}

func TestInitialValuesComeFromTheConfig(t *testing.T) {
	spec := actors.Spec{Name: "stirring", New: stirring.New, Table: map[string]any{
		"initial_target_rpm": 700.0, "initial_duty_cycle": 25.0, "duration_between_updates": "30s"}}
	for option, want := range map[any]float64{nil: 700, "350": 350} {
		spec.Options = nil
		if option != nil {
			spec.Options = []setting.Pair{{Name: "target_rpm", Value: option}}
		}
		job, err := spec.Prepare()
		if err != nil {
			t.Fatal(err)
		}
		s := job.(*stirring.Stirring)
		if s.TargetRPM != want || s.DutyCycle != 25 || s.BetweenUpdates != 30*time.Second {
			t.Errorf("option %v: target %v, duty %v, interval %v", option, s.TargetRPM, s.DutyCycle, s.BetweenUpdates)
		}
	}
}

func TestDutyOfAPersonIsTheControllersNewStart(t *testing.T) {
	b := start(t, 3, nil)
	b.clk.Run(time.Minute)
	if r := b.set("duty_cycle", 40); !r.OK || b.shown("duty_cycle") != 40.0 {
		t.Fatalf("%+v, shown %v", r, b.shown("duty_cycle"))
	}
	if r := b.set("duty_cycle", 0); r.Code != "closed_loop" {
		t.Errorf("duty 0 while holding a speed: %+v", r)
	}
	b.wait(time.Minute, "back at 500", func() bool { return math.Abs(b.board.Truth().RPM-500) <= rotor.Tolerance })
}

func TestSleepStopsAndWakingKicks(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, nil)
		b.clk.Run(time.Minute)
		b.do(actors.SetState{State: actors.Sleeping})
		if b.shown("duty_cycle") != 0.0 || b.rate() != 0 {
			t.Errorf("asleep: duty %v, %v rpm, want 0", b.shown("duty_cycle"), b.rate())
		}
		if r := b.set("target_rpm", 600); !r.OK {
			t.Error(r.Reason)
		}
		drives := len(b.drives)
		b.clk.Run(2 * time.Minute)
		if len(b.drives) != drives || b.board.Truth().RPM != 0 {
			t.Error("driven while asleep")
		}
		b.wait(30*time.Second, "alarm after 2 min", func() bool { return b.alarm("stirring_off") })
		from := b.clk.Mono()
		b.do(actors.SetState{State: actors.Ready})
		if len(b.kicks(from)) != 1 {
			t.Error("woke without a kick")
		}
		b.wait(time.Minute, "600 rpm", func() bool { return math.Abs(b.rate()-600) <= rotor.Tolerance })
		if b.alarm("stirring_off") {
			t.Error("alarm stirring_off while it turns")
		}
	})
}

func TestStalledBarIsKickedForEver(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, nil, "target_rpm", 700)
		b.clk.Run(5 * time.Minute)
		b.inject(sim.StirrerStall)
		from := b.clk.Mono()
		b.wait(time.Minute, "alarm", func() bool { return b.alarm("stirring_stalled") })
		b.clk.Run(2 * time.Hour)
		kicks := b.kicks(from)
		if len(kicks) < 24 || len(kicks) > 27 {
			t.Errorf("kicks in 2 h = %d, want one every 5 min", len(kicks))
		}
		if kicks[0]-from > 10*time.Second {
			t.Errorf("first kick after %v, want within 10 s of standing still", kicks[0]-from)
		}
		b.heal(sim.StirrerStall)
		b.wait(6*time.Minute, "turning again", func() bool { return !b.alarm("stirring_stalled") })
		b.wait(time.Minute, "700 rpm", func() bool { return math.Abs(b.board.Truth().RPM-700) <= rotor.Tolerance })
	})
}

func TestDeadTachometerDoesNotMakeItStirFaster(t *testing.T) {
	b := start(t, 4, nil)
	b.clk.Run(5 * time.Minute)
	b.inject(sim.TachoDead)
	b.clk.Run(12*time.Hour + 10*time.Second)
	if rpm := b.board.Truth().RPM; rpm < 400 || rpm > 600 {
		t.Errorf("true speed with a dead tachometer = %v rpm, want about 500", rpm)
	}
	if !b.alarm("stirring_stalled") {
		t.Error("nobody was told")
	}
}

func TestFailingTachometerKeepsTheDuty(t *testing.T) {
	b := start(t, 5, nil)
	b.clk.Run(5 * time.Minute)
	b.inject(sim.TachoError)
	b.clk.Run(time.Hour)
	if rpm := b.board.Truth().RPM; math.Abs(rpm-500) > rotor.Tolerance || !b.alarm("stirring_unmeasured") {
		t.Errorf("speed %v rpm, alarm %v; want 500 and an alarm", rpm, b.alarm("stirring_unmeasured"))
	}
	b.heal(sim.TachoError)
	b.wait(30*time.Second, "alarm over", func() bool { return !b.alarm("stirring_unmeasured") })
}

func TestWithoutTachometerOnlyOpenLoopStarts(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		absent := func(c *sim.Config) { c.Absent = []string{"tachometer"} }
		b := start(t, seed, absent)
		b.clk.Run(time.Minute)
		if s := b.state(); s.State != actors.Disconnected || s.Reason == "" || b.board.Truth().RPM != 0 {
			t.Errorf("state %q (%s), %v rpm; want a refusal with a reason, at rest", s.State, s.Reason, b.board.Truth().RPM)
		}
		b = start(t, seed, absent, "use_rpm", false)
		b.clk.Run(3 * time.Minute)
		if b.state().State != actors.Ready || b.shown("duty_cycle") != 30.0 || b.board.Truth().RPM < 500 {
			t.Errorf("open loop: %s, duty %v, %v rpm", b.state().State, b.shown("duty_cycle"), b.board.Truth().RPM)
		}
		if r := b.set("target_rpm", 300); r.Code != "open_loop" {
			t.Errorf("target in open loop: %+v", r)
		}
		b.set("duty_cycle", 20)
		b.clk.Run(time.Minute)
		if rpm := b.board.Truth().RPM; math.Abs(rpm-330) > 1 {
			t.Errorf("at 20 %%: %v rpm, want 330", rpm)
		}
		b.set("duty_cycle", 0)
		b.clk.Run(5 * time.Minute)
		if b.board.Truth().RPM != 0 || b.alarm("stirring_off") {
			t.Error("duty 0 turns, or alarms")
		}
		b.set("duty_cycle", 25)
		b.do(actors.SetState{State: actors.Sleeping})
		b.clk.Run(time.Minute)
		b.do(actors.SetState{State: actors.Ready})
		b.clk.Run(time.Minute)
		if rpm := b.board.Truth().RPM; math.Abs(rpm-440) > 1 {
			t.Errorf("at 25 %% after sleep: %v rpm, want 440", rpm)
		}
	})
}

func TestLeaseIsRenewedAndEndsWithTheJob(t *testing.T) {
	b := start(t, 6, nil)
	b.clk.Run(time.Hour)
	if b.longest > time.Minute {
		t.Errorf("longest lease %v, want at most 1 min", b.longest)
	}
	if rpm := b.board.Truth().RPM; rpm < 450 {
		t.Errorf("after an hour %v rpm: a lease ended", rpm)
	}
	b.do(actors.SetState{State: actors.Disconnected})
	drives := len(b.drives)
	b.clk.Run(10 * time.Minute)
	if b.board.Truth().RPM != 0 || b.rate() != 0 || len(b.drives) != drives {
		t.Error("a stopped job still stirs")
	}
	if b.alarm("stirring_off") {
		t.Error("a stopped job alarms")
	}
}

func TestHeldStirrerRefusesTheStart(t *testing.T) {
	b := prepare(t, 7, nil)
	b.refuse = "held"
	b.begin()
	b.clk.Run(time.Second)
	if s := b.state(); s.State != actors.Disconnected || s.Reason != "stirring: no: held" {
		t.Errorf("state %q: %q", s.State, s.Reason)
	}
}

func TestBrokenStirrerIsTriedAgainForEver(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := prepare(t, seed, nil)
		b.refuse = "hardware"
		b.begin()
		b.clk.Run(5 * time.Second)
		if b.state().State != actors.Ready {
			t.Fatalf("state %q, want ready: it keeps trying", b.state().State)
		}
		b.clk.Run(time.Minute)
		if b.alarm("stirring_off") {
			t.Error("alarm before 2 min")
		}
		b.clk.Run(2 * time.Minute)
		if !b.alarm("stirring_off") {
			t.Error("no alarm after 3 min")
		}
		b.refuse = ""
		b.wait(time.Minute, "500 rpm", func() bool { return math.Abs(b.rate()-500) <= rotor.Tolerance })
		b.wait(30*time.Second, "alarm over", func() bool { return !b.alarm("stirring_off") })
	})
}

func TestRestartedStirrerIsDrivenAgain(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := start(t, seed, nil)
		b.clk.Run(5*time.Minute + 3*time.Second) // the next renewal is 17 s away
		if err := b.board.Stirrer().Halt(); err != nil {
			t.Fatal(err)
		}
		b.sys.Do(actors.Command{Target: "stirrer", Body: breakDown{}}, func(actors.Reply) {})
		b.clk.Run(2 * time.Second)
		b.wait(3*time.Second, "turning", func() bool { return b.board.Truth().RPM > 300 })
		b.wait(time.Minute, "500 rpm", func() bool { return math.Abs(b.board.Truth().RPM-500) <= rotor.Tolerance })
	})
}

func TestTimersOfAnOldKickAreVoid(t *testing.T) {
	b := start(t, 1, nil)
	b.clk.Run(time.Minute)
	b.do(actors.SetState{State: actors.Sleeping})
	b.clk.Run(10 * time.Second)
	b.do(actors.SetState{State: actors.Ready})
	b.clk.Run(300 * time.Millisecond)
	b.do(actors.SetState{State: actors.Sleeping})
	b.do(actors.SetState{State: actors.Ready})
	from := b.clk.Mono()
	b.clk.Run(time.Second)
	last := b.drives[len(b.drives)-1]
	if last.percent == 100 || last.at-from != 500*time.Millisecond {
		t.Errorf("the kick ended with %v %% after %v, want it whole, 0.5 s", last.percent, last.at-from)
	}
}

func TestLateAnswerToAnOldOrderIsVoid(t *testing.T) {
	b := start(t, 1, nil)
	b.clk.Run(time.Minute)
	b.do(actors.SetState{State: actors.Sleeping})
	b.clk.Run(10 * time.Second)
	b.delay = 300 * time.Millisecond
	b.do(actors.SetState{State: actors.Ready})
	b.clk.Run(100 * time.Millisecond)
	b.do(actors.SetState{State: actors.Sleeping})
	b.do(actors.SetState{State: actors.Ready})
	from := b.clk.Mono()
	b.clk.Run(time.Second)
	last := b.drives[len(b.drives)-1]
	if last.percent == 100 || last.at-from != 800*time.Millisecond {
		t.Errorf("the kick ended with %v %% after %v, want 0.3 s for the answer and 0.5 s of kick", last.percent, last.at-from)
	}
}

// TestAnswersToAPredecessorAreVoid: no tag is ever used again, also by a job that
// begins anew after a failure.
func TestAnswersToAPredecessorAreVoid(t *testing.T) {
	b := start(t, 4, nil)
	for range 3 {
		b.clk.Run(time.Minute)
		b.sys.Crash("stirring", "planned")
	}
	b.clk.Run(time.Minute)
	used := map[string]bool{}
	for _, d := range b.drives {
		if used[d.tag] {
			t.Fatalf("tag %q of %d orders is used twice", d.tag, len(b.drives))
		}
		used[d.tag] = true
	}
	if len(used) < 8 {
		t.Errorf("%d orders in four lives", len(used))
	}
}

func TestSilentTachometerActorKeepsTheDuty(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		b := prepare(t, seed, nil)
		b.noTacho = true
		b.begin()
		b.clk.Run(time.Minute)
		if s := b.state().State; s != actors.Ready || !b.alarm("stirring_unmeasured") || b.board.Truth().RPM != 550 {
			t.Errorf("state %q, alarm %v, %v rpm; want ready, an alarm and 550", s, b.alarm("stirring_unmeasured"), b.board.Truth().RPM)
		}
	})
}

// TestASleeperThatFailedStartsWithoutAKick: the bar of a stirrer that a person put
// to sleep does not move until it is woken.
func TestASleeperThatFailedStartsWithoutAKick(t *testing.T) {
	b := start(t, 1, nil)
	b.clk.Run(time.Minute)
	b.do(actors.SetState{State: actors.Sleeping})
	asleep, driven := b.clk.Mono(), len(b.drives)
	b.sys.Crash("stirring", "a planted panic")
	b.clk.Run(time.Minute)
	if s := b.state().State; s != actors.Sleeping || len(b.drives) != driven || len(b.kicks(asleep)) > 0 {
		t.Fatalf("%s, asked for %v, kicked at %v; want it asleep and at rest", s, b.drives[driven:], b.kicks(asleep))
	}
	b.do(actors.SetState{State: actors.Ready})
	b.wait(time.Minute, "at target", func() bool { return math.Abs(b.board.Truth().RPM-500) <= rotor.Tolerance })
}
