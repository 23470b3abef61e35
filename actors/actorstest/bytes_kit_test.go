package actorstest_test

import (
	"bytes"
	"testing"

	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

// hatHouse is a whole unit on the drivers of the real HAT, on modelled chips
// around a twin, in virtual time.
type hatHouse struct {
	*actorstest.House
	machine *fake.Machine
	log     bytes.Buffer
}

// hatOptions vary a hatHouse.
type hatOptions struct {
	version string // of the model: 1.1 reads light by the RP2040, 1.5 by ADS1114s
	seed    uint64
	hashed  bool // every fact goes into Hash
	// around puts a planted defect between the drivers and the computer, over
	// that between the actors and the board.
	around func(machine.Machine) machine.Machine
	over   func(hw.Board) hw.Board
	actorstest.HouseOptions
}

// openHAT starts the house with everything that a fault could upset.
func openHAT(t testing.TB, o hatOptions) *hatHouse {
	t.Helper()
	h := &hatHouse{}
	dir := t.TempDir()
	laid, err := fake.Make(dir, fake.Setup{ModelVer: o.version, Seed: o.seed})
	if err != nil {
		t.Fatal(err)
	}
	if err := laid.Close(); err != nil {
		t.Fatal(err)
	}
	house := o.HouseOptions
	house.Seed, house.Forget, house.NoHash, house.Log = o.seed, true, !o.hashed, &h.log
	house.Configure = func(c *cmd.Config) {
		c.Unit.ModelVersion = o.version
		c.Sim.InitialODAU, c.Sim.LagH, c.Sim.WasteSeen = 0.5, 0, true
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating",
			"temperature_automation=thermostat target_temperature=32", "dosing_automation=chemostat duration=1 exchange_volume_ml=0.1"}
		c.SetJob("od_reading", "ir_led_intensity", 60.0)
	}
	house.Opened = func(opened *actorstest.House) { h.House = opened }
	house.Wrap = func(hw.Board) hw.Board { return h.plug(t, dir, o) }
	actorstest.Open(t, house)
	t.Cleanup(func() {
		if err := h.machine.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// plug opens the board of the machine in dir.
func (h *hatHouse) plug(t testing.TB, dir string, o hatOptions) hw.Board {
	t.Helper()
	m, err := fake.Virtual(dir, h.Lived)
	if err != nil {
		t.Fatal(err)
	}
	h.machine = m
	twin, err := sim.New(h.Config.Twin(), m.TwinNow)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Attach(twin, fake.DefaultRoles()); err != nil {
		t.Fatal(err)
	}
	var on machine.Machine = m
	if o.around != nil {
		on = o.around(m)
	}
	wired := map[string]int{}
	for channel, role := range fake.DefaultRoles() {
		wired[role] = channel
	}
	board, err := pioreactor.Open(on, m.Wiring(), pioreactor.Options{Roles: wired})
	if err != nil {
		t.Fatal(err)
	}
	if o.over != nil {
		return o.over(board)
	}
	return board
}
