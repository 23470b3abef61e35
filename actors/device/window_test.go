package device_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device/devicetest"
	"github.com/pioactor/pioactor/actors/protocol"
)

func ask(r *devicetest.Rig) {
	r.Tell(devicetest.OD, "window", protocol.AskQuiet{For: 2 * time.Second, IRPercent: 70})
}

func TestWindowLightsOnlyTheIRAndRestoresEveryLED(t *testing.T) {
	r := devicetest.Start(t, 3)
	r.Do("leds", actors.SetLED{Channel: "B", Percent: 10})
	r.Do("leds", actors.SetLED{Channel: "A", Percent: 5})
	changes := len(devicetest.Of[actors.LEDChanged](r))
	ask(r)
	if q := devicetest.Heard[protocol.Quiet](r); !q.OK || q.PumpOn {
		t.Fatalf("quiet = %+v, want granted without a pump", q)
	}
	if a, b := r.Board.Outs["led/A"].Percent, r.Board.Outs["led/B"].Percent; a != 70 || b != 0 {
		t.Errorf("in the window A, B = %v, %v %%, want 70 and 0", a, b)
	}
	r.Tell(devicetest.OD, "window", protocol.EndQuiet{})
	if e := devicetest.Heard[protocol.QuietEnded](r); e.Disturbed {
		t.Error("disturbed, want not")
	}
	if a, b := r.Board.Outs["led/A"].Percent, r.Board.Outs["led/B"].Percent; a != 5 || b != 10 {
		t.Errorf("after the window A, B = %v, %v %%, want 5 and 10", a, b)
	}
	if n := len(devicetest.Of[actors.LEDChanged](r)); n != changes {
		t.Errorf("the flash made %d LEDChanged, want none", n-changes)
	}
}

func TestDriveWaitsForTheEndOfTheWindow(t *testing.T) {
	r := devicetest.Start(t, 1)
	d := protocol.Drive{Output: "stirrer", Percent: 30, For: 20 * time.Second, Owner: devicetest.OD}
	r.Tell(devicetest.OD, "stirrer", d)
	ask(r)
	r.HeardBy(devicetest.OD)
	for _, percent := range []float64{30, 40, 50} {
		d.Percent = percent
		r.Tell(devicetest.OD, "stirrer", d)
	}
	if n, duty := len(r.HeardBy(devicetest.OD)), r.Board.Outs["stirrer"].Percent; n != 1 || duty != 30 {
		t.Errorf("in the window %d answers and %v %%, want 1, to the renewal, and 30", n, duty)
	}
	r.Tell(devicetest.OD, "window", protocol.EndQuiet{})
	driven := 0
	for _, m := range r.HeardBy(devicetest.OD) {
		if x, ok := m.(protocol.Driven); ok && x.OK {
			driven++
		}
	}
	if duty := r.Board.Outs["stirrer"].Percent; duty != 50 || driven != 2 {
		t.Errorf("afterwards %v %% and %d answers, want 50 and 2", duty, driven)
	}
}

func TestSafetyActsInTheWindowAndDisturbsIt(t *testing.T) {
	r := devicetest.Start(t, 1)
	r.Tell("job1", "stirrer", protocol.Drive{Output: "stirrer", Percent: 30, For: time.Second, Owner: "job1"})
	ask(r)
	r.HeardBy(devicetest.OD)
	r.Run(1100 * time.Millisecond)
	if duty := r.Board.Outs["stirrer"].Percent; duty != 0 {
		t.Errorf("%v %% after the lease, want 0", duty)
	}
	r.Tell(devicetest.OD, "window", protocol.EndQuiet{})
	if e := devicetest.Heard[protocol.QuietEnded](r); !e.Disturbed {
		t.Error("not disturbed, want disturbed")
	}
}

func TestWindowAlwaysEnds(t *testing.T) {
	cases := map[string]func(*devicetest.Rig){
		"by its own deadline":       func(r *devicetest.Rig) {},
		"with the job that asked":   func(r *devicetest.Rig) { r.Crash(devicetest.OD) },
		"with the window's own end": func(r *devicetest.Rig) { r.Crash("window") },
		"though a device failed":    func(r *devicetest.Rig) { r.Crash("leds") },
		"though it was asked again": func(r *devicetest.Rig) {
			r.Send("job1", devicetest.Say{To: "window", Msg: protocol.AskQuiet{For: 9 * time.Second}})
		},
		"though Unhush is forgotten": func(r *devicetest.Rig) { r.Interfere["pumps"] = deaf },
	}
	for name, happens := range cases {
		t.Run(name, func(t *testing.T) {
			r := devicetest.Start(t, 5)
			ask(r)
			happens(r)
			r.Run(3 * time.Second)
			r.AtEnd()
			r.HeardBy(devicetest.OD)
			r.Interfere["pumps"] = nil
			ask(r)
			if q := devicetest.Heard[protocol.Quiet](r); !q.OK {
				t.Errorf("the next window is refused: %s", q.Reason)
			}
		})
	}
}

// deaf hears neither Hush nor Unhush.
func deaf(msg any) []any {
	switch msg.(type) {
	case protocol.Hush, protocol.Unhush:
		return nil
	}
	return []any{msg}
}

func TestWindowIsRefusedIfADeviceDoesNotAnswer(t *testing.T) {
	r := devicetest.Start(t, 2)
	r.Interfere["pumps"] = deaf
	ask(r)
	r.Run(300 * time.Millisecond)
	if q := devicetest.Heard[protocol.Quiet](r); q.OK || q.Reason == "" {
		t.Errorf("quiet = %+v, want a refusal with its reason", q)
	}
	if a := r.Board.Outs["led/A"].Percent; a != 0 {
		t.Errorf("IR %v %%, want 0", a)
	}
}

func TestReadingWithAPumpOnIsFlagged(t *testing.T) {
	r := devicetest.Start(t, 2)
	r.Do("vial", actors.Dose{WasteML: 0.5})
	r.Run(time.Second)
	ask(r)
	if q := devicetest.Heard[protocol.Quiet](r); !q.OK || !q.PumpOn {
		t.Errorf("quiet = %+v, want granted with PumpOn", q)
	}
}

func TestBurstTakesItsTimeAndTheNextWaits(t *testing.T) {
	r := devicetest.Start(t, 2)
	r.Tell(devicetest.OD, "adc", protocol.ReadADC{Channels: []int{1}})
	r.Tell(devicetest.OD, "adc", protocol.ReadADC{Channels: []int{1}})
	r.Tell(devicetest.OD, "tachometer", protocol.ReadEdges{})
	if e := devicetest.Heard[protocol.EdgesRead](r); e.Err == nil {
		t.Error("edges of a board without a tachometer, want an error")
	}
	r.Run(2 * time.Second)
	var starts []time.Duration
	for _, m := range r.HeardBy(devicetest.OD) {
		read := m.(protocol.ADCRead)
		starts = append(starts, read.Start)
		if len(read.Diodes) != 1 || read.Diodes[0].Channel != 1 {
			t.Errorf("diodes = %+v, want photodiode 1 described", read.Diodes)
		}
	}
	if len(starts) != 2 || starts[1]-starts[0] != r.Board.Took {
		t.Errorf("bursts began at %v, want two, %v apart", starts, r.Board.Took)
	}
}
