package device_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/device/devicetest"
	"github.com/pioactor/pioactor/actors/protocol"
)

func TestStirrerIsSafeAtTheDeadlineExactly(t *testing.T) {
	r := devicetest.Start(t, 1)
	r.Tell(devicetest.OD, "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: 20 * time.Second, Owner: devicetest.OD, Tag: "a"})
	r.Run(20*time.Second - 1)
	if duty, _ := actors.LatestOf[protocol.PWMDuty](r.System, "1"); duty.Percent != 30 || r.Board.Outs["stirrer"].Percent != 30 {
		t.Errorf("1 ns before the deadline %v %%, want 30", duty.Percent)
	}
	r.Run(1)
	if v := r.Board.Outs["stirrer"].Percent; v != 0 {
		t.Errorf("at the deadline %v %%, want 0", v)
	}
	if cut := devicetest.Heard[protocol.Cut](r); cut.Ran != 20*time.Second || cut.Reason != "expired" || cut.Tag != "a" {
		t.Errorf("cut = %+v, want 20 s, expired, a", cut)
	}
}

func TestSecondOwnerAndNonsenseAreRefused(t *testing.T) {
	r := devicetest.Start(t, 1)
	r.Tell("job1", "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: time.Second, Owner: "job1"})
	for code, d := range map[string]protocol.Drive{
		"held":    {Output: "stirrer", Percent: 40, For: time.Second, Owner: devicetest.OD},
		"invalid": {Output: "stirrer", Percent: 101, For: time.Second, Owner: "job1"},
	} {
		r.Tell(devicetest.OD, "stirrer", d)
		if a := devicetest.Heard[protocol.Driven](r); a.OK || a.Code != code {
			t.Errorf("%+v answered %+v, want %s", d, a, code)
		}
	}
	r.Tell(devicetest.OD, "pumps", protocol.Release{Output: "pump/media", Owner: devicetest.OD, Tag: "never"})
	if cut := devicetest.Heard[protocol.Cut](r); cut.Reason != "not held" || cut.Tag != "never" {
		t.Errorf("release of nothing answered %+v, want not held", cut)
	}
}

func TestOutputThatDoesNotObeyIsHaltedAndReported(t *testing.T) {
	r := devicetest.Start(t, 1)
	stirrer := r.Board.Outs["stirrer"]
	d := protocol.Drive{Output: "stirrer", Percent: 30, For: time.Minute, Owner: devicetest.OD}
	r.Tell(devicetest.OD, "stirrer", d)
	r.HeardBy(devicetest.OD)
	stirrer.Broken, stirrer.Sick, d.Percent = true, true, 40
	r.Tell(devicetest.OD, "stirrer", d)
	if a := devicetest.Heard[protocol.Driven](r); a.OK || a.Code != "hardware" || !r.Alarm("stirrer_failed") {
		t.Errorf("answer %+v, alarm %v; want hardware and the alarm", a, r.Alarm("stirrer_failed"))
	}
	stirrer.Sick = false // and so would the checker see it on without a lease
	r.Run(1500 * time.Millisecond)
	if stirrer.Percent != 0 || r.Alarm("stirrer_failed") {
		t.Errorf("%v %%, alarm %v after it obeys again; want 0 and none", stirrer.Percent, r.Alarm("stirrer_failed"))
	}
}

func TestLightLivesAsLongAsItsOwner(t *testing.T) {
	r := devicetest.Start(t, 4)
	r.Send("job1", actors.SetLED{Channel: "C", Percent: 20, Source: "led_automation"})
	r.Run(48 * time.Hour)
	if v := r.Board.Outs["led/C"].Percent; v != 20 {
		t.Errorf("after two days %v %%, want 20", v)
	}
	if a := r.Do("leds", actors.SetLED{Channel: "C", Percent: 5}); a.Code != "held" {
		t.Errorf("a person's wish answered %+v, want held", a)
	}
	r.Crash("job1")
	r.Run(time.Second)
	if v := r.Board.Outs["led/C"].Percent; v != 0 {
		t.Errorf("after its owner failed %v %%, want 0", v)
	}
	changes := devicetest.Of[actors.LEDChanged](r)
	if n := len(changes); n != 2 || changes[0].Source != "led_automation" || changes[1].Percent != 0 {
		t.Errorf("changes %+v, want on and off", changes)
	}
	if a := r.Do("leds", actors.SetLED{Channel: "C", Percent: 5}); !a.OK {
		t.Error(a.Reason)
	}
	r.Send("job1", actors.SetLED{Channel: "C", Percent: 30})
	r.Run(0)
	if now, _ := actors.LatestOf[actors.LEDs](r.System, ""); now.C != 30 {
		t.Errorf("an actor over a person's light: %v %%, want 30", now.C)
	}
	for _, bad := range []actors.SetLED{{Channel: "E", Percent: 1}, {Channel: "A", Percent: 101}} {
		if a := r.Do("leds", bad); a.OK {
			t.Errorf("%+v accepted", bad)
		}
	}
}

func TestFailedDeviceIsSafeBeforeItIsRestarted(t *testing.T) {
	r := devicetest.Start(t, 4)
	r.Tell(devicetest.OD, "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: time.Minute, Owner: devicetest.OD})
	r.Crash("stirrer")
	if v := r.Board.Outs["stirrer"].Percent; v != 0 {
		t.Errorf("%v %% right after the failure, want 0", v)
	}
	r.Run(time.Second)
	r.Tell(devicetest.OD, "stirrer", protocol.Drive{Output: "stirrer", Percent: 20, For: time.Minute, Owner: devicetest.OD})
	if v := r.Board.Outs["stirrer"].Percent; v != 20 {
		t.Errorf("%v %% after the restart, want 20", v)
	}
	r.System.Stop("node")
	r.Run(time.Second)
	if v := r.Board.Outs["stirrer"].Percent; v != 0 {
		t.Errorf("%v %% after the end, want 0", v)
	}
}

func TestConfigRefusesNonsense(t *testing.T) {
	if err := device.DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*device.Config){
		"two roles":   func(c *device.Config) { c.PWM["media"] = 1 },
		"no channel":  func(c *device.Config) { c.PWM["media"] = 6 },
		"no role":     func(c *device.Config) { c.PWM["blender"] = 2 },
		"no such LED": func(c *device.Config) { c.IRChannel = "X" },
	} {
		c := device.DefaultConfig()
		if spoil(&c); c.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
