package cmd

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// hatUnit is a whole unit on a modelled HAT in virtual time.
type hatUnit struct {
	*Unit
	machine *fake.Machine
}

// hatUnitWith opens and starts it on a machine that was spoilt before.
func hatUnitWith(t *testing.T, setup fake.Setup, spoil ...fake.Fault) *hatUnit {
	t.Helper()
	dir := t.TempDir()
	made, err := fake.Make(dir, setup)
	must(t, err)
	must(t, made.Close())
	clk := clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
	m, err := fake.Virtual(dir, clk.Mono)
	must(t, err)
	for _, f := range spoil {
		must(t, m.Inject(f))
	}
	cfg := DefaultConfig()
	cfg.Sim.Start = nil
	cfg.Unit.Name, cfg.Unit.Hardware, cfg.Unit.Model, cfg.Unit.ModelVersion = "pio1", "fake", "pioreactor_20ml", "1.1"
	board, err := NewModelledHAT(cfg, m)
	must(t, err)
	u, err := NewUnit(UnitOptions{Config: cfg, Clock: clk, Board: board, Boot: "boot", Seed: 1})
	must(t, err)
	must(t, u.Start())
	t.Cleanup(func() {
		u.Shutdown(func(actors.Reply) {})
		clk.Run(10 * time.Second)
		must(t, board.Close())
	})
	return &hatUnit{u, m}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run lets time pass, and has the machine take part in it.
func (u *hatUnit) run(d time.Duration) {
	for range d / time.Second {
		u.machine.Now()
		u.Clock.Run(time.Second)
	}
}

// rings are the active alarms that hide behind no other.
func (u *hatUnit) rings() (names []string) {
	for _, r := range u.System.Retained() {
		if a, ok := r.(actors.Alarm); ok && a.Active && a.HiddenBy == "" {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}

// state of a job or device; empty if nobody has heard of it.
func (u *hatUnit) state(name string) (s actors.State) {
	for _, r := range u.System.Retained() {
		if j, ok := r.(actors.JobState); ok && j.Job == name {
			s = j.State
		}
	}
	return s
}

// The RP2040 gets its firmware at some time in the start of the computer, and a
// chip may be loose for a day: the unit comes up, says so with one alarm, stirs,
// and goes on by itself when the chip answers.
func TestUnitComesUpWithoutAChipAndRecovers(t *testing.T) {
	for name, c := range map[string]struct {
		setup   fake.Setup
		address uint16
	}{
		"RP2040 without firmware": {fake.Setup{HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.1"}, 0x2C},
		"LED driver of HAT 1.0":   {fake.Setup{HAT: "1.0", Model: "pioreactor_20ml", ModelVer: "1.1"}, 0x49},
	} {
		t.Run(name, func(t *testing.T) {
			silent := fake.Fault{Kind: fake.NACK, Address: c.address}
			u := hatUnitWith(t, c.setup, silent)
			u.run(time.Minute) // the restarts of an actor that cannot start are spent after 20 s
			if got := u.rings(); !slices.Equal(got, []string{"board_failed", "bus_errors"}) {
				t.Errorf("alarms %v, want board_failed and bus_errors", got)
			}
			for _, device := range []string{"devices", "leds", "adc", "stirrer", "heater"} {
				if !u.System.Running(device) {
					t.Errorf("%s has given up while the chip is silent", device)
				}
			}
			if r := u.command("leds", actors.SetLED{Channel: "B", Percent: 50}); r.OK || !strings.Contains(r.Reason, "no answer") {
				t.Errorf("a light on a silent chip: %+v", r)
			}
			u.start(t, "stirring")
			u.run(20 * time.Second)
			if got := u.machine.Truth().RPM; got < 100 {
				t.Errorf("stirring at %.0f rpm while the chip is silent", got)
			}
			must(t, u.machine.Clear(silent))
			u.run(15 * time.Second)
			if got := u.rings(); slices.Contains(got, "board_failed") {
				t.Errorf("alarms %v soon after the chip woke up", got)
			}
			u.run(2 * time.Minute) // the bus is looked at once a minute
			if got := u.rings(); len(got) > 0 {
				t.Errorf("alarms %v some minutes after the chip woke up", got)
			}
			if r := u.command("leds", actors.SetLED{Channel: "B", Percent: 50}); !r.OK {
				t.Errorf("a light afterwards: %+v", r)
			}
			u.start(t, "od_reading")
			if got := u.state("od_reading"); got != actors.Ready {
				t.Errorf("od_reading is %q", got)
			}
		})
	}
}

func (u *hatUnit) command(target string, body any) (r actors.Reply) {
	u.System.Do(actors.Command{Target: target, Body: body, Origin: actors.Origin{Mouth: "test", Who: "hand"}}, func(got actors.Reply) { r = got })
	u.run(5 * time.Second)
	return r
}

func (u *hatUnit) start(t *testing.T, job string) {
	t.Helper()
	r := u.command("experiment", actors.StartJob{Job: job})
	if !r.OK {
		t.Errorf("start %s: %+v", job, r)
	}
}

// asker is a person's job with a chip on the HAT's bus.
type asker struct{ heard *string }

// Receive asks each second, of all addresses the RP2040's.
func (a asker) Receive(c *actors.Context, msg any) error {
	bus, err := c.I2C()
	switch msg := msg.(type) {
	case actors.Started:
		c.Every(time.Second)
		if err != nil {
			*a.heard = err.Error()
			return &actors.Refusal{Code: "no_bus", Reason: *a.heard}
		}
	case actors.Tick:
		c.Do(func() (any, time.Duration) { return bus.Tx(0x2C, []byte{0, 255}, nil), 0 })
	case error:
		*a.heard = msg.Error()
	}
	return nil
}

// TestJobsShareTheBusOfAHAT: and are told where there is none to share.
func TestJobsShareTheBusOfAHAT(t *testing.T) {
	heard := ""
	spec := actors.Spec{Name: "asker", New: func() actors.Job { return asker{&heard} }}
	u := hatUnitWith(t, fake.Setup{HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.1"})
	must(t, u.System.Start(spec))
	u.run(5 * time.Second)
	if !strings.Contains(heard, "0x2c is that of one of the board's own chips") {
		t.Errorf("it heard %q", heard)
	}
	cfg, clk := DefaultConfig(), clock.Virtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1)
	sim, err := NewUnit(UnitOptions{Config: cfg, Clock: clk, Boot: "boot", Seed: 1})
	must(t, err)
	must(t, sim.System.Start(spec))
	clk.Run(5 * time.Second)
	if sim.System.Running("asker") || !strings.Contains(heard, "not fitted") {
		t.Errorf("on the simulator it runs: %v, and heard %q", sim.System.Running("asker"), heard)
	}
	must(t, sim.Board.Close())
}
