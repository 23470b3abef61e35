package device

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// desk is a status LED and a button, and an actor that speaks to the LED.
type desk struct {
	*testing.T
	clk     *clock.Clock
	sys     *actors.System
	lit     bool
	flashes []time.Duration // when the light went on or off
	broken  error
	presses hw.Presses
}

func (d *desk) Set(percent float64) error { return d.light(percent > 0) }
func (d *desk) Halt() error               { return d.light(false) }
func (d *desk) light(on bool) error {
	if d.broken != nil {
		return d.broken
	}
	if on != d.lit {
		d.lit, d.flashes = on, append(d.flashes, d.clk.Mono())
	}
	return nil
}

func (d *desk) Presses() (hw.Presses, error) { return d.presses, d.broken }

// boom makes the speaker fail.
type boom struct{}

// speaker passes on what it is told to say.
type speaker struct{}

func (speaker) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		if _, bad := cmd.Body.(boom); bad {
			return errors.New("boom")
		}
		c.Tell(statusLEDName, cmd.Body)
	}
	return nil
}

func newDesk(t *testing.T, seed uint64) *desk {
	t.Helper()
	d := &desk{T: t, clk: clock.Virtual(time.Unix(1e9, 0), seed)}
	var err error
	if d.sys, err = actors.NewSystem(actors.Options{Unit: "pio1", Clock: d.clk}); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []actors.Spec{statusLEDSpec(d), buttonSpec(d), {Name: "speaker", New: func() actors.Job { return speaker{} }}} {
		if err := d.sys.Start(spec); err != nil {
			t.Fatal(err)
		}
	}
	d.clk.Run(0)
	return d
}

func (d *desk) say(body any) {
	d.sys.Do(actors.Command{Target: "speaker", Body: body}, func(actors.Reply) {})
	d.clk.Run(0)
}

// during returns how long each flash and pause lasted, in ms, within the next span.
func (d *desk) during(span time.Duration) (list []int64) {
	d.flashes = nil
	from := d.clk.Mono()
	d.clk.Run(span)
	for _, at := range d.flashes {
		list = append(list, (at - from).Milliseconds())
	}
	return list
}

func TestIdentifyPattern(t *testing.T) {
	for seed := range uint64(4) {
		d := newDesk(t, seed)
		d.say(protocol.BlinkOnce{})
		want := []int64{140, 280, 420, 870, 1010, 1150, 1290, 1740, 1880, 2020, 2160, 2610, 2750, 2890, 3030}
		if got := d.during(time.Minute); !slices.Equal(got, want) || d.lit {
			t.Errorf("seed %d: switched at %v ms, want %v, then dark", seed, got, want)
		}
	}
}

func TestSeveralCodesTakeTurns(t *testing.T) {
	d := newDesk(t, 1)
	d.say(protocol.ShowCodes{Codes: protocol.Codes{3: true, 1: true}})
	first := []int64{2000, 2250, 2500}                                      // code 1, then 5.25 s of dark
	second := []int64{7750, 9750, 10000, 10250, 10500, 10750, 11000, 11250} // code 3
	if got := d.during(16 * time.Second); !slices.Equal(got, slices.Concat(first, second)) {
		t.Errorf("switched at %v ms, want %v", got, slices.Concat(first, second))
	}
	d.say(protocol.ShowCodes{})
	d.clk.Run(20 * time.Second)
	if got := d.during(time.Minute); len(got) != 0 || d.lit {
		t.Errorf("with no code the light switches at %v ms", got)
	}
}

func TestCodesGoWithTheirSender(t *testing.T) {
	d := newDesk(t, 1)
	d.say(protocol.ShowCodes{Codes: protocol.Codes{8: true}})
	d.clk.Run(time.Second)
	d.say(boom{})
	if d.lit {
		t.Error("the light is on though its codes are gone")
	}
	if got := d.during(time.Minute); len(got) != 0 {
		t.Errorf("it switches at %v ms", got)
	}
}

func TestLightIsOnWhileTheButtonIsDown(t *testing.T) {
	d := newDesk(t, 1)
	var seen []bool
	d.sys.Watch(func(f actors.Fact) {
		if b, ok := f.(protocol.Button); ok {
			seen = append(seen, b.Down)
		}
	})
	d.say(protocol.ShowCodes{Codes: protocol.Codes{2: true}})
	d.presses = hw.Presses{Down: true, Count: 1}
	d.clk.Run(buttonEvery)
	if got := d.during(10 * time.Second); len(got) != 0 || !d.lit {
		t.Errorf("while down the light switches at %v ms, lit %v", got, d.lit)
	}
	d.presses = hw.Presses{Count: 1}
	d.clk.Run(buttonEvery)
	d.presses = hw.Presses{Count: 2} // pressed and let go between two looks
	d.clk.Run(time.Minute)
	if want := []bool{true, false, true, false}; !slices.Equal(seen, want) {
		t.Errorf("the button was %v, want %v", seen, want)
	}
	if got := d.during(20 * time.Second); len(got) == 0 {
		t.Error("the code is not shown any more")
	}
}

func TestLightEndsDark(t *testing.T) {
	for name, end := range map[string]func(*desk){
		"stopped": func(d *desk) { d.sys.Stop(statusLEDName) },
		"crashed": func(d *desk) { d.sys.Crash(statusLEDName, "test") },
	} {
		d := newDesk(t, 1)
		d.say(protocol.BlinkOnce{Code: 5})
		if !d.lit {
			t.Fatalf("%s: it does not blink", name)
		}
		end(d)
		d.clk.Run(time.Minute)
		if d.lit {
			t.Errorf("%s: it ends lit", name)
		}
	}
}

func TestABrokenPanelIsToldOnce(t *testing.T) {
	d := newDesk(t, 1)
	warnings := 0
	d.sys.Watch(func(f actors.Fact) {
		if l, ok := f.(actors.Log); ok && l.Level == "warning" {
			warnings++
		}
	})
	d.broken = errBus
	d.say(protocol.BlinkOnce{})
	d.clk.Run(time.Minute)
	if warnings != 2 || !d.sys.Running(statusLEDName) || !d.sys.Running(buttonName) {
		t.Errorf("%d warnings, want one of the light and one of the button; both go on", warnings)
	}
}
