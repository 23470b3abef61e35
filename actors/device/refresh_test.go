package device

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
)

func TestALightThatItsChipForgotComesBack(t *testing.T) {
	r := quietRig(t, 1)
	r.send("job1", actors.SetLED{Channel: "C", Percent: 20, Source: "led_automation"})
	r.run(time.Second)
	published := len(of[actors.LEDs](r))
	lit, dark := r.board.outs["led/C"], r.board.outs["led/D"]
	lit.value, dark.value = 0, 100 // the chip was reset, or heard another bit
	r.run(refreshEvery)
	if lit.value != 20 || dark.value != 0 {
		t.Errorf("C is at %v %% and D at %v %%, want 20 and 0", lit.value, dark.value)
	}
	if n := len(of[actors.LEDs](r)); n != published {
		t.Errorf("%d facts about nothing new", n-published)
	}
}

func TestALightThatFailsOutlivesTheFailure(t *testing.T) {
	for name, sick := range map[string]bool{"can be halted": false, "cannot": true} {
		t.Run(name, func(t *testing.T) {
			r := quietRig(t, 2)
			r.do("leds", actors.SetLED{Channel: "C", Percent: 20})
			lit := r.board.outs["led/C"]
			lit.broken, lit.sick = true, sick
			r.run(time.Minute)
			if !r.alarm("led_C_failed") {
				t.Error("no alarm while it fails")
			}
			lit.broken, lit.sick = false, false
			r.run(rehaltSeldom)
			if lit.value != 20 || r.alarm("led_C_failed") {
				t.Errorf("%v %%, alarm %v once it works again; want 20 and none", lit.value, r.alarm("led_C_failed"))
			}
		})
	}
}

func TestWhatDoesNotObeyIsTriedMoreAndMoreSeldom(t *testing.T) {
	r := quietRig(t, 3)
	r.do("leds", actors.SetLED{Channel: "C", Percent: 20})
	lit, tries := r.board.outs["led/C"], 0
	lit.broken, lit.sick = true, true
	lit.asked = func() { tries++ }
	r.run(2 * time.Minute)
	if tries < 7 || tries > 14 {
		t.Errorf("%d halts in two minutes, want about 10: after 1, 2, 4, 8, 16 s and then every 16 s", tries)
	}
}
