package device_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/device/devicetest"
)

func TestALightThatItsChipForgotComesBack(t *testing.T) {
	r := devicetest.Start(t, 1)
	r.Send("job1", actors.SetLED{Channel: "C", Percent: 20, Source: "led_automation"})
	r.Run(time.Second)
	published := len(devicetest.Of[actors.LEDs](r))
	lit, dark := r.Board.Outs["led/C"], r.Board.Outs["led/D"]
	lit.Percent, dark.Percent = 0, 100 // the chip was reset, or heard another bit
	r.Run(device.RefreshEvery)
	if lit.Percent != 20 || dark.Percent != 0 {
		t.Errorf("C is at %v %% and D at %v %%, want 20 and 0", lit.Percent, dark.Percent)
	}
	if n := len(devicetest.Of[actors.LEDs](r)); n != published {
		t.Errorf("%d facts about nothing new", n-published)
	}
}

func TestALightThatFailsOutlivesTheFailure(t *testing.T) {
	for name, sick := range map[string]bool{"can be halted": false, "cannot": true} {
		t.Run(name, func(t *testing.T) {
			r := devicetest.Start(t, 2)
			r.Do("leds", actors.SetLED{Channel: "C", Percent: 20})
			lit := r.Board.Outs["led/C"]
			lit.Broken, lit.Sick = true, sick
			r.Run(time.Minute)
			if !r.Alarm("led_C_failed") {
				t.Error("no alarm while it fails")
			}
			lit.Broken, lit.Sick = false, false
			r.Run(device.RehaltSeldom)
			if lit.Percent != 20 || r.Alarm("led_C_failed") {
				t.Errorf("%v %%, alarm %v once it works again; want 20 and none", lit.Percent, r.Alarm("led_C_failed"))
			}
		})
	}
}

func TestWhatDoesNotObeyIsTriedMoreAndMoreSeldom(t *testing.T) {
	r := devicetest.Start(t, 3)
	r.Do("leds", actors.SetLED{Channel: "C", Percent: 20})
	lit, tries := r.Board.Outs["led/C"], 0
	lit.Broken, lit.Sick = true, true
	lit.Asked = func() { tries++ }
	r.Run(2 * time.Minute)
	if tries < 7 || tries > 14 {
		t.Errorf("%d halts in two minutes, want about 10: after 1, 2, 4, 8, 16 s and then every 16 s", tries)
	}
}
