package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/pioreactor/guard"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

// hat is a HAT that was found: on this computer, or modelled in a folder.
type hat struct {
	Fake  string // the folder; empty: a real one
	Board describe.Description
	PWM   map[string]int // the channel of each role
	// trouble keeps the unit from running on it; making it safe goes ahead.
	trouble error
}

// claim is the file that the HAT's node holds. Nobody else locks it: chips are
// shared by transactions.
func (h hat) claim() string {
	if h.Fake != "" {
		return filepath.Join(h.Fake, "machine.json")
	}
	return fmt.Sprintf("/dev/i2c-%d", h.Board.Bus)
}

// lookFor finds out what is on m, as doctor does.
func (c Config) lookFor(m machine.Machine, busy string) (describe.Description, describe.Findings, error) {
	return describe.Look(m, describe.Options{
		Config: c.Pioreactor, Model: c.Unit.Model, ModelVersion: c.Unit.ModelVersion, Heater: c.devices().PWM["heating"],
		Dirs: describe.PioreactorDirs(), User: describe.ThisUser(), Unasked: busy,
	})
}

// lookForHAT looks at this computer.
func lookForHAT(cfg Config, _ string) (any, error) {
	found, findings, err := cfg.lookFor(machine.Linux(), "")
	if err != nil {
		return nil, fmt.Errorf("%w; `pioactor doctor` shows all that was looked at", err)
	}
	return hat{Board: found, PWM: cfg.devices().PWM, trouble: findings.Err()}, nil
}

// fakeDir is the modelled machine of a data folder.
func fakeDir(dir string) string { return filepath.Join(dir, "fake-hat") }

// layOutFake makes the modelled machine, or finds the one of an earlier start,
// its outputs as that left them.
func layOutFake(cfg Config, dir string) (any, error) {
	m, err := fake.Make(fakeDir(dir), fake.Setup{
		HAT: cfg.Pioreactor.HATVersion, Model: cfg.Unit.Model, ModelVer: cfg.Unit.ModelVersion, Seed: cfg.Sim.Seed})
	if err != nil {
		return nil, err
	}
	wiring := m.Wiring()
	return hat{Fake: m.Root(), Board: wiring, PWM: cfg.devices().PWM}, m.Close()
}

// machine is the computer that the HAT sits on.
func (h hat) machine() (machine.Machine, error) {
	if h.Fake == "" {
		return machine.Linux(), nil
	}
	return fake.Open(h.Fake)
}

func openHAT(cfg Config, at site) (hw.Board, error) {
	h := at.found.(hat)
	if h.trouble != nil {
		return nil, fmt.Errorf("the HAT cannot be used as it is: %w", h.trouble)
	}
	return pioreactor.Open(machine.Linux(), h.Board, pioreactor.Options{Roles: h.PWM})
}

// safeHAT gets ready to make a HAT safe.
func safeHAT(found json.RawMessage) (guard.Hardware, error) {
	var h hat
	if err := json.Unmarshal(found, &h); err != nil {
		return nil, fmt.Errorf("cmd: what is soldered where: %w", err)
	}
	m, err := h.machine()
	if err != nil {
		return nil, err
	}
	return pioreactor.NewSafe(m, h.Board, pioreactor.Options{Roles: h.PWM})
}

// ModelledHAT is the real driver on modelled chips, around a twin. Its methods
// are safe for concurrent use as far as [hw.Board]'s are.
type ModelledHAT struct {
	*pioreactor.Board
	// Machine is the modelled computer; its Truth is the vial's true state now.
	Machine *fake.Machine
	// Twin is the vial, for faults: its own Truth is as old as the last touch of Machine.
	Twin *sim.Board
}

func openModelled(cfg Config, at site) (hw.Board, error) {
	h := at.found.(hat)
	m, err := fake.Open(h.Fake)
	if err != nil {
		return nil, err
	}
	b, err := NewModelledHAT(cfg, m)
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return b, nil
}

// NewModelledHAT puts a board on a modelled machine, which it closes in the
// end, and a twin into it. It is what hardware = "fake" opens, and on a machine
// of [fake.Virtual] what a test of the whole house opens.
func NewModelledHAT(cfg Config, m *fake.Machine) (*ModelledHAT, error) {
	vial := cfg.Twin()
	for _, adc := range m.Wiring().ADC {
		vial.QuietADC = vial.QuietADC || adc.Driver == "ads1114" // they are modelled without what they average away
	}
	twin, err := sim.New(vial, m.TwinNow)
	if err != nil {
		return nil, err
	}
	roles := fake.Roles{}
	for role, channel := range cfg.devices().PWM {
		roles[channel] = role
	}
	if err := m.Attach(twin, roles); err != nil {
		return nil, err
	}
	b, err := pioreactor.Open(m, m.Wiring(), pioreactor.Options{Roles: cfg.devices().PWM})
	if err != nil {
		return nil, err
	}
	return &ModelledHAT{b, m, twin}, nil
}

// Info says that the vial is none.
func (b *ModelledHAT) Info() hw.Info {
	info := b.Board.Info()
	info.Simulated = true
	return info
}

// Snapshot keeps the vial, not the HAT: its registers and lines stay in their folder.
func (b *ModelledHAT) Snapshot() ([]byte, error) { return b.Twin.Snapshot() }

// Restore goes on with a vial that was kept.
func (b *ModelledHAT) Restore(snapshot []byte) error { return b.Twin.Restore(snapshot) }

// Close halts, then lets go of the machine.
func (b *ModelledHAT) Close() error {
	return errors.Join(b.Board.Close(), b.Twin.Close(), b.Machine.Close())
}

var (
	_ hw.Board  = (*ModelledHAT)(nil)
	_ claimable = hat{}
	_ twin      = (*ModelledHAT)(nil)
)
