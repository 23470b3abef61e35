package cmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/guard"
	"github.com/pioactor/pioactor/hw/sim"
)

// board is what [unit] hardware can name.
type board struct {
	// look finds out what is there and moves nothing. What it returns goes to open,
	// and as JSON to safe. It is nil for hardware that is not there without its
	// process: nothing is left on by a node that dies.
	look func(cfg Config, dir string) (found any, err error)
	// open takes the hardware over, every output safe.
	open func(Config, site) (hw.Board, error)
	// safe makes safe, in another process, what look found. It moves nothing yet.
	safe func(found json.RawMessage) (guard.Hardware, error)
}

// site is where hardware is opened.
type site struct {
	clock *clock.Clock
	found any // what look returned
}

// boards is all the hardware there is.
var boards = map[string]board{
	"pioreactor": {look: lookForHAT, open: openHAT, safe: safeHAT},
	"fake":       {look: layOutFake, open: openModelled, safe: safeHAT},
	"sim":        {open: openTwin},
	"replay":     {open: openReplay},
}

// hardwareHelp is what commands say of their flag.
const hardwareHelp = "auto, pioreactor, fake, sim or replay; stands over the config file"

// hardware is what the unit runs on. Before settled, "auto" counts as "sim", so
// that a config means the same wherever it is checked.
func (c Config) hardware() string {
	if c.Unit.Hardware == "auto" {
		return "sim"
	}
	return c.Unit.Hardware
}

// settled is c with "auto" replaced by what it comes to on the computer whose
// files lie below root.
func (c Config) settled(root string) Config {
	if c.Unit.Hardware == "auto" {
		c.Unit.Hardware = "sim"
		if describe.Fitted(root, c.Pioreactor) {
			c.Unit.Hardware = "pioreactor"
		}
	}
	return c
}

// board is what hardware comes to.
func (c Config) board() (board, error) {
	b, known := boards[c.hardware()]
	if !known {
		return board{}, fmt.Errorf("[unit] hardware: %q: there is %v", c.hardware(), slices.Sorted(maps.Keys(boards)))
	}
	return b, nil
}

// look finds out what hardware is there; nil for what needs no guard.
func (c Config) look(dir string) (found any, err error) {
	b, err := c.board()
	if err != nil || b.look == nil {
		return nil, err
	}
	return b.look(c, dir)
}

func openBoard(cfg Config, at site) (hw.Board, error) {
	b, err := cfg.board()
	if err != nil {
		return nil, err
	}
	return b.open(cfg, at)
}

func openTwin(cfg Config, at site) (hw.Board, error) { return sim.New(cfg.Twin(), at.clock.Mono) }

func openReplay(cfg Config, at site) (hw.Board, error) {
	f, err := os.Open(cfg.Replay.File)
	if err != nil {
		return nil, fmt.Errorf("[replay] file: %w", err)
	}
	defer f.Close()
	recording := cfg.Replay.ReplayConfig
	recording.Model, recording.Version, recording.IRLED = cfg.Unit.Model, cfg.Unit.ModelVersion, irChannel(cfg.LEDs)
	return sim.NewReplay(f, recording, at.clock.Mono)
}
