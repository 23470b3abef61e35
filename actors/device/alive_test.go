package device_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/device/devicetest"
)

// pulseRig is a unit whose beats are counted, and of which actors can be made to
// hang: what hangs takes no message.
type pulseRig struct {
	t     *testing.T
	clk   *clock.Clock
	sys   *actors.System
	hangs []string
	beats []time.Duration // on Mono
	err   error           // what Alive returns
}

func newPulseRig(t *testing.T, seed uint64) *pulseRig {
	t.Helper()
	r := &pulseRig{t: t, clk: clock.Virtual(devicetest.Epoch, seed)}
	var err error
	r.sys, err = actors.NewSystem(actors.Options{Unit: "pio1", Clock: r.clk, Seed: seed,
		Interfere: func(name string, msg any) []any {
			if slices.Contains(r.hangs, name) {
				return nil
			}
			return []any{msg}
		}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := device.DefaultConfig()
	cfg.Alive = func() error {
		r.beats = append(r.beats, r.clk.Mono())
		return r.err
	}
	spec := devicetest.Devices(t, devicetest.NewBoard(r.clk.Mono), cfg)
	if err := r.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return devicetest.Root{spec} }}); err != nil {
		t.Fatal(err)
	}
	return r
}

// run lets d pass and returns how often it beat, and the longest silence.
func (r *pulseRig) run(d time.Duration) (beats int, silence time.Duration) {
	r.beats = nil
	last, end := r.clk.Mono(), r.clk.Mono()+d
	r.clk.Run(d)
	for _, at := range append(slices.Clone(r.beats), end) {
		silence = max(silence, at-last)
		last = at
	}
	return len(r.beats), silence
}

func (r *pulseRig) alarmed() bool {
	a, ok := actors.LatestOf[actors.Alarm](r.sys, "guard_lost")
	return ok && a.Active
}

func TestDevicesBeatWhileAllOfThemLive(t *testing.T) {
	for seed := range uint64(4) {
		r := newPulseRig(t, seed)
		if beats, silence := r.run(time.Minute); beats < 60 || beats > 65 || silence > device.Pulse {
			t.Errorf("seed %d: %d beats in 1 min, silent for up to %v; want about 60, %v", seed, beats, silence, device.Pulse)
		}
	}
}

func TestDevicesFallSilentWithAnyThatHangs(t *testing.T) {
	for _, name := range []string{"pumps", "leds", "vial", "devices"} {
		for seed := range uint64(2) {
			r := newPulseRig(t, seed)
			r.run(10 * time.Second)
			r.hangs = []string{name}
			r.run(2 * device.Pulse) // answers under way
			if beats, _ := r.run(time.Minute); beats > 0 {
				t.Errorf("seed %d: %d beats while %s hangs, want none", seed, beats, name)
			}
		}
	}
}

// TestAFailureIsNoHang: what has failed is safe and comes back, however long its
// pauses get; nor is it one when it is lost for good.
func TestAFailureIsNoHang(t *testing.T) {
	for seed := range uint64(4) {
		r := newPulseRig(t, seed)
		r.run(10 * time.Second)
		for i := range 12 {
			r.sys.Crash("pumps", "as it was told")
			if _, silence := r.run(20 * time.Second); silence > 2*device.Pulse {
				t.Errorf("seed %d: silent for %v after failure %d of the pumps, want at most %v", seed, silence, i+1, 2*device.Pulse)
			}
		}
		if r.sys.Running("pumps") {
			t.Error("the pumps are still there: the test did not see them lost")
		}
		r.sys.Crash("devices", "as it was told")
		if beats, silence := r.run(20 * time.Second); beats == 0 || silence > 2*device.Pulse {
			t.Errorf("seed %d: silent for %v after a failure of devices", seed, silence)
		}
	}
}

func TestALostGuardIsAnAlarm(t *testing.T) {
	r := newPulseRig(t, 1)
	r.run(5 * time.Second)
	if r.alarmed() {
		t.Error("an alarm of a guard that stands")
	}
	r.err = errors.New("guard: it died (signal: killed)")
	if r.run(2 * time.Second); !r.alarmed() {
		t.Error("no alarm of a guard that died")
	}
	r.err = nil
	if r.run(2 * time.Second); r.alarmed() {
		t.Error("the alarm stays when there is a guard again")
	}
}
