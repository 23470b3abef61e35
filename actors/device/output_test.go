package device

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

func TestStirrerIsSafeAtTheDeadlineExactly(t *testing.T) {
	r := quietRig(t, 1)
	r.tell(job, "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: 20 * time.Second, Owner: job, Tag: "a"})
	r.run(20*time.Second - 1)
	if duty, _ := actors.LatestOf[protocol.PWMDuty](r.sys, "1"); duty.Percent != 30 || r.board.outs["stirrer"].value != 30 {
		t.Errorf("1 ns before the deadline %v %%, want 30", duty.Percent)
	}
	r.run(1)
	if v := r.board.outs["stirrer"].value; v != 0 {
		t.Errorf("at the deadline %v %%, want 0", v)
	}
	if cut := got[protocol.Cut](t, r); cut.Ran != 20*time.Second || cut.Reason != "expired" || cut.Tag != "a" {
		t.Errorf("cut = %+v, want 20 s, expired, a", cut)
	}
}

func TestSecondOwnerAndNonsenseAreRefused(t *testing.T) {
	r := quietRig(t, 1)
	r.tell("job1", "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: time.Second, Owner: "job1"})
	for code, d := range map[string]protocol.Drive{
		"held":    {Output: "stirrer", Percent: 40, For: time.Second, Owner: job},
		"invalid": {Output: "stirrer", Percent: 101, For: time.Second, Owner: "job1"},
	} {
		r.tell(job, "stirrer", d)
		if a := got[protocol.Driven](t, r); a.OK || a.Code != code {
			t.Errorf("%+v answered %+v, want %s", d, a, code)
		}
	}
	r.tell(job, "pumps", protocol.Release{Output: "pump/media", Owner: job, Tag: "never"})
	if cut := got[protocol.Cut](t, r); cut.Reason != "not held" || cut.Tag != "never" {
		t.Errorf("release of nothing answered %+v, want not held", cut)
	}
}

func TestOutputThatDoesNotObeyIsHaltedAndReported(t *testing.T) {
	r := quietRig(t, 1)
	stirrer := r.board.outs["stirrer"]
	d := protocol.Drive{Output: "stirrer", Percent: 30, For: time.Minute, Owner: job}
	r.tell(job, "stirrer", d)
	r.heardBy(job)
	stirrer.broken, stirrer.sick, d.Percent = true, true, 40
	r.tell(job, "stirrer", d)
	if a := got[protocol.Driven](t, r); a.OK || a.Code != "hardware" || !r.alarm("stirrer_failed") {
		t.Errorf("answer %+v, alarm %v; want hardware and the alarm", a, r.alarm("stirrer_failed"))
	}
	stirrer.sick = false // and so would the checker see it on without a lease
	r.run(1500 * time.Millisecond)
	if stirrer.value != 0 || r.alarm("stirrer_failed") {
		t.Errorf("%v %%, alarm %v after it obeys again; want 0 and none", stirrer.value, r.alarm("stirrer_failed"))
	}
}

func TestLightLivesAsLongAsItsOwner(t *testing.T) {
	r := quietRig(t, 4)
	r.send("job1", actors.SetLED{Channel: "C", Percent: 20, Source: "led_automation"})
	r.run(48 * time.Hour)
	if v := r.board.outs["led/C"].value; v != 20 {
		t.Errorf("after two days %v %%, want 20", v)
	}
	if a := r.do("leds", actors.SetLED{Channel: "C", Percent: 5}); a.Code != "held" {
		t.Errorf("a person's wish answered %+v, want held", a)
	}
	r.do("job1", boom{})
	r.run(time.Second)
	if v := r.board.outs["led/C"].value; v != 0 {
		t.Errorf("after its owner failed %v %%, want 0", v)
	}
	changes := of[actors.LEDChanged](r)
	if n := len(changes); n != 2 || changes[0].Source != "led_automation" || changes[1].Percent != 0 {
		t.Errorf("changes %+v, want on and off", changes)
	}
	if a := r.do("leds", actors.SetLED{Channel: "C", Percent: 5}); !a.OK {
		t.Error(a.Reason)
	}
	r.send("job1", actors.SetLED{Channel: "C", Percent: 30})
	r.run(0)
	if now, _ := actors.LatestOf[actors.LEDs](r.sys, ""); now.C != 30 {
		t.Errorf("an actor over a person's light: %v %%, want 30", now.C)
	}
	for _, bad := range []actors.SetLED{{Channel: "E", Percent: 1}, {Channel: "A", Percent: 101}} {
		if a := r.do("leds", bad); a.OK {
			t.Errorf("%+v accepted", bad)
		}
	}
}

func TestFailedDeviceIsSafeBeforeItIsRestarted(t *testing.T) {
	r := quietRig(t, 4)
	r.tell(job, "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: time.Minute, Owner: job})
	r.do("stirrer", boom{})
	if v := r.board.outs["stirrer"].value; v != 0 {
		t.Errorf("%v %% right after the failure, want 0", v)
	}
	r.run(time.Second)
	r.tell(job, "stirrer", protocol.Drive{Output: "stirrer", Percent: 20, For: time.Minute, Owner: job})
	if v := r.board.outs["stirrer"].value; v != 20 {
		t.Errorf("%v %% after the restart, want 20", v)
	}
	r.sys.Stop("node")
	r.run(time.Second)
	if v := r.board.outs["stirrer"].value; v != 0 {
		t.Errorf("%v %% after the end, want 0", v)
	}
}

func TestConfigRefusesNonsense(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"slope":       func(c *Config) { c.MediaSlopeMLPerS = 0 },
		"pause":       func(c *Config) { c.PauseBetweenSubdoses = -1 },
		"two roles":   func(c *Config) { c.PWM["media"] = 1 },
		"no channel":  func(c *Config) { c.PWM["media"] = 6 },
		"no role":     func(c *Config) { c.PWM["blender"] = 2 },
		"no such LED": func(c *Config) { c.IRChannel = "X" },
	} {
		c := DefaultConfig()
		if spoil(&c); c.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	c := DefaultConfig()
	c.EffluxTubeVolumeML = 17.5
	if _, err := vialSpec(newBench(func() time.Duration { return 0 }), c); err == nil {
		t.Error("an efflux tube too high for the largest sub-dose is accepted")
	}
}
