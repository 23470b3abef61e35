package actorstest

import (
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/sim"
)

// build makes the vial, and the HAT around it if there is one.
func (h *House) build() {
	h.t.Helper()
	if h.options.HAT == "" {
		twin, err := sim.New(h.Config.Twin(), h.Lived)
		if err != nil {
			h.t.Fatal(err)
		}
		h.Board = twin
		return
	}
	h.folder = h.t.TempDir()
	m, err := fake.Make(h.folder, fake.Setup{HAT: h.options.HAT, Model: h.Config.Unit.Model, ModelVer: h.Config.Unit.ModelVersion, Seed: h.options.Seed})
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.plug()
	h.t.Cleanup(func() {
		if err := h.HAT.Close(); err != nil {
			h.t.Error(err)
		}
	})
}

// plug opens the HAT as it lies in its folder, with a new vial.
func (h *House) plug() {
	h.t.Helper()
	m, err := fake.Virtual(h.folder, h.Lived)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.HAT, err = cmd.NewModelledHAT(h.Config, m); err != nil {
		h.t.Fatal(err)
	}
	h.Board = h.HAT.Twin
}

// hardware is what the unit drives.
func (h *House) hardware() hw.Board {
	if h.HAT != nil {
		return h.HAT
	}
	return h.Board
}

// powerCut leaves the vial as it is, with every output off.
func (h *House) powerCut() {
	h.t.Helper()
	if h.HAT == nil {
		if err := h.Board.Halt(); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	vial, err := h.HAT.Snapshot()
	if err == nil {
		err = h.HAT.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.plug()
	if err := h.HAT.Restore(vial); err != nil {
		h.t.Fatal(err)
	}
}

// Truth is the vial's true state now.
func (h *House) Truth() sim.Truth {
	if h.HAT != nil {
		return h.HAT.Machine.Truth()
	}
	return h.Board.Truth()
}
