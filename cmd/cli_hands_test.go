package cmd

import (
	"strings"
	"testing"
)

// TestHandsOnTheCommandLine runs every command of a person's hands, and looks at
// what the actors were told.
func TestHandsOnTheCommandLine(t *testing.T) {
	n := openFake(t)
	for _, row := range []struct{ args, out, heard string }{
		{"run circulate_media --duration 5", "circulate_media is accepted",
			`vial actors.Dose {"pump":"media","for":5000000000,"circulate":true,"source":"cli"}`},
		{"run pumps --media 2 --sleep 5 --waste 2", "pumps is accepted",
			`vial actors.Dose {"sequence":[{"pump":"media","ml":2},{"sleep":5000000000},{"pump":"waste","ml":2}],"source":"cli"}`},
		{"run remove_waste --duration 2.5", "remove_waste is accepted", `vial actors.Dose {"pump":"waste","for":2500000000,"source":"cli"}`},
		{"run stop_dosing", "the pumps are off", `vial actors.StopDosing {"reason":"by cli"}`},
		{"run stop_dosing --action pumps", "the pumps are off", `vial actors.StopDosing {"reason":"by cli","action":"pumps"}`},
		{"jobs stop add_media", "add_media is stopped", `vial actors.StopDosing {"reason":"by cli","action":"add_media"}`},
		{"run led_intensity --B 10 --D 0", "lit: B at 10 %, D at 0 %", `leds actors.SetLEDs {"B":10,"D":0,"source":"cli"}`},
		{"bottle media --ml 500", "media bottle: 500 mL", `vial actors.SetBottle {"bottle":"media","ml":500}`},
		{"bottle waste --ml 0 --size 1000", "waste bottle: 0 mL", `vial actors.SetBottle {"bottle":"waste","ml":0,"size_ml":1000}`},
		{"vial sample --ml 1.5", "the vial is in use", `vial actors.SampleTaken {"ml":1.5}`},
		{"vial set --volume 14", "the vial is in use", `vial actors.SetVial {"current_volume_ml":14}`},
		{"identify", "the status LED blinks", `monitor actors.Identify {}`},
		{"alarms ack lamp_hot", "", `alarm actors.Acknowledge {"name":"lamp_hot"}`},
		{"alarms ack --all", "", `alarm actors.Acknowledge {"name":"","all":true}`},
		{"alarms test phone", "arrived", `delivery actors.TestDelivery {"target":"phone"}`},
	} {
		n.told()
		got := n.call(strings.Fields(row.args)...)
		if heard := strings.Join(n.told(), "; "); got.code != exitDone || !strings.Contains(got.out, row.out) || heard != row.heard {
			t.Errorf("%s: %+v\n heard %s\n  want %s", row.args, got, heard, row.heard)
		}
	}
	for args, code := range map[string]int{
		"run circulate_media": exitUsage, "run circulate_media --duration 0": exitRefused, "run pumps": exitUsage,
		"run pumps --media -1": exitUsage, "run stop_dosing --action everything": exitRefused, "bottle media": exitUsage,
		"run led_intensity --A 101": exitRefused, "vial pause": exitRefused, "run od_blank": exitRefused, "vial sample": exitUsage,
	} {
		if got := n.call(strings.Fields(args)...); got.code != code || got.errs == "" {
			t.Errorf("%s: %+v, want exit code %d and a reason", args, got, code)
		}
	}
}

func TestAPumpRunsUntilItsCommandEnds(t *testing.T) {
	n := openFake(t)
	n.told()
	got := n.call("run", "add_media", "--continuously") // this vial ends it at once
	heard := strings.Join(n.told(), "; ")
	if got.code != exitDone || !strings.HasPrefix(heard, `vial actors.Dose {"pump":"media","for":6000000000,"continuously":true,"source":"cli"}; vial actors.KeepDosing {"id":"`) {
		t.Errorf("%+v, heard %s", got, heard)
	}
}
