package device

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

const job = "od_reading"

func (r *rig) ask() {
	r.tell(job, "window", protocol.AskQuiet{For: 2 * time.Second, IRPercent: 70})
}

func got[T any](t *testing.T, r *rig) T {
	t.Helper()
	for _, m := range r.heardBy(job) {
		if x, ok := m.(T); ok {
			return x
		}
	}
	var none T
	t.Fatalf("no %T", none)
	return none
}

func TestWindowLightsOnlyTheIRAndRestoresEveryLED(t *testing.T) {
	r := quietRig(t, 3)
	r.do("leds", actors.SetLED{Channel: "B", Percent: 10})
	r.do("leds", actors.SetLED{Channel: "A", Percent: 5})
	changes := len(of[actors.LEDChanged](r))
	r.ask()
	if q := got[protocol.Quiet](t, r); !q.OK || q.PumpOn {
		t.Fatalf("quiet = %+v, want granted without a pump", q)
	}
	if a, b := r.board.outs["led/A"].value, r.board.outs["led/B"].value; a != 70 || b != 0 {
		t.Errorf("in the window A, B = %v, %v %%, want 70 and 0", a, b)
	}
	r.tell(job, "window", protocol.EndQuiet{})
	if e := got[protocol.QuietEnded](t, r); e.Disturbed {
		t.Error("disturbed, want not")
	}
	if a, b := r.board.outs["led/A"].value, r.board.outs["led/B"].value; a != 5 || b != 10 {
		t.Errorf("after the window A, B = %v, %v %%, want 5 and 10", a, b)
	}
	if n := len(of[actors.LEDChanged](r)); n != changes {
		t.Errorf("the flash made %d LEDChanged, want none", n-changes)
	}
}

func TestDriveWaitsForTheEndOfTheWindow(t *testing.T) {
	r := quietRig(t, 1)
	d := protocol.Drive{Output: "stirrer", Percent: 30, For: 20 * time.Second, Owner: job}
	r.tell(job, "stirrer", d)
	r.ask()
	r.heardBy(job)
	for _, percent := range []float64{30, 40, 50} {
		d.Percent = percent
		r.tell(job, "stirrer", d)
	}
	if n, duty := len(r.heardBy(job)), r.board.outs["stirrer"].value; n != 1 || duty != 30 {
		t.Errorf("in the window %d answers and %v %%, want 1, to the renewal, and 30", n, duty)
	}
	r.tell(job, "window", protocol.EndQuiet{})
	driven := 0
	for _, m := range r.heardBy(job) {
		if x, ok := m.(protocol.Driven); ok && x.OK {
			driven++
		}
	}
	if duty := r.board.outs["stirrer"].value; duty != 50 || driven != 2 {
		t.Errorf("afterwards %v %% and %d answers, want 50 and 2", duty, driven)
	}
}

func TestSafetyActsInTheWindowAndDisturbsIt(t *testing.T) {
	r := quietRig(t, 1)
	r.tell("job1", "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: time.Second, Owner: "job1"})
	r.ask()
	r.heardBy(job)
	r.run(1100 * time.Millisecond)
	if duty := r.board.outs["stirrer"].value; duty != 0 {
		t.Errorf("%v %% after the lease, want 0", duty)
	}
	r.tell(job, "window", protocol.EndQuiet{})
	if e := got[protocol.QuietEnded](t, r); !e.Disturbed {
		t.Error("not disturbed, want disturbed")
	}
}

func TestWindowAlwaysEnds(t *testing.T) {
	cases := map[string]func(*rig){
		"by its own deadline":        func(r *rig) {},
		"with the job that asked":    func(r *rig) { r.send(job, boom{}) },
		"with the window's own end":  func(r *rig) { r.send("window", boom{}) },
		"though a device failed":     func(r *rig) { r.send("leds", boom{}) },
		"though it was asked again":  func(r *rig) { r.send("job1", say{"window", protocol.AskQuiet{For: 9 * time.Second}}) },
		"though Unhush is forgotten": func(r *rig) { r.tamper["pumps"] = deaf },
	}
	for name, happens := range cases {
		t.Run(name, func(t *testing.T) {
			r := quietRig(t, 5)
			r.ask()
			happens(r)
			r.run(3 * time.Second)
			if broken := r.check.end(); len(broken) > 0 {
				t.Error(broken)
			}
			r.heardBy(job)
			r.tamper["pumps"] = nil
			r.ask()
			if q := got[protocol.Quiet](t, r); !q.OK {
				t.Errorf("the next window is refused: %s", q.Reason)
			}
		})
	}
}

// deaf hears neither Hush nor Unhush.
func deaf(_ *actors.Context, _ actors.Job, msg any, next func(any) error) error {
	switch msg.(type) {
	case protocol.Hush, protocol.Unhush:
		return nil
	}
	return next(msg)
}

func TestWindowIsRefusedIfADeviceDoesNotAnswer(t *testing.T) {
	r := quietRig(t, 2)
	r.tamper["pumps"] = deaf
	r.ask()
	r.run(300 * time.Millisecond)
	if q := got[protocol.Quiet](t, r); q.OK || q.Reason == "" {
		t.Errorf("quiet = %+v, want a refusal with its reason", q)
	}
	if a := r.board.outs["led/A"].value; a != 0 {
		t.Errorf("IR %v %%, want 0", a)
	}
}

func TestReadingWithAPumpOnIsFlagged(t *testing.T) {
	r := quietRig(t, 2)
	r.do("vial", actors.Dose{WasteML: 0.5})
	r.run(time.Second)
	r.ask()
	if q := got[protocol.Quiet](t, r); !q.OK || !q.PumpOn {
		t.Errorf("quiet = %+v, want granted with PumpOn", q)
	}
}

func TestBurstTakesItsTimeAndTheNextWaits(t *testing.T) {
	r := quietRig(t, 2)
	r.tell(job, "adc", protocol.ReadADC{Channels: []int{1}})
	r.tell(job, "adc", protocol.ReadADC{Channels: []int{1}})
	r.tell(job, "tachometer", protocol.ReadEdges{})
	if e := got[protocol.EdgesRead](t, r); e.Err == nil {
		t.Error("edges of a board without a tachometer, want an error")
	}
	r.run(2 * time.Second)
	var starts []time.Duration
	for _, m := range r.heardBy(job) {
		read := m.(protocol.ADCRead)
		starts = append(starts, read.Start)
		if len(read.Diodes) != 1 || read.Diodes[0].Channel != 1 {
			t.Errorf("diodes = %+v, want photodiode 1 described", read.Diodes)
		}
	}
	if len(starts) != 2 || starts[1]-starts[0] != r.board.took {
		t.Errorf("bursts began at %v, want two, %v apart", starts, r.board.took)
	}
}
