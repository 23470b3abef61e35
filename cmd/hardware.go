package cmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/guard"
	"github.com/pioactor/pioactor/hw/sim"
)

// board is what [unit] hardware can name.
type board struct {
	// open takes the hardware over, every output safe.
	open func(Config, *clock.Clock) (hw.Board, error)
	// outputs describes, as JSON, what can be left on by a node on the data folder
	// dir that dies; nil for hardware that is not there without its process.
	outputs func(cfg Config, dir string) (any, error)
	// safe is the other end of outputs, in another process: what makes them safe.
	// It moves nothing yet.
	safe func(outputs json.RawMessage) (guard.Hardware, error)
}

// boards is all the hardware there is.
var boards = map[string]board{
	"sim":    {open: openTwin},
	"replay": {open: openReplay},
}

// hardware is what "auto" comes to: no HAT is looked for yet, so the vial is simulated.
func (c Config) hardware() string {
	if c.Unit.Hardware == "auto" {
		return "sim"
	}
	return c.Unit.Hardware
}

// board is what hardware comes to.
func (c Config) board() (board, error) {
	b, known := boards[c.hardware()]
	if !known {
		return board{}, fmt.Errorf("[unit] hardware: %q: there is %v", c.hardware(), slices.Sorted(maps.Keys(boards)))
	}
	return b, nil
}

func openBoard(cfg Config, c *clock.Clock) (hw.Board, error) {
	b, err := cfg.board()
	if err != nil {
		return nil, err
	}
	return b.open(cfg, c)
}

func openTwin(cfg Config, c *clock.Clock) (hw.Board, error) { return sim.New(cfg.Twin(), c.Mono) }

func openReplay(cfg Config, c *clock.Clock) (hw.Board, error) {
	f, err := os.Open(cfg.Replay.File)
	if err != nil {
		return nil, fmt.Errorf("[replay] file: %w", err)
	}
	defer f.Close()
	recording := cfg.Replay.ReplayConfig
	recording.Model, recording.Version, recording.IRLED = cfg.Unit.Model, cfg.Unit.ModelVersion, irChannel(cfg.LEDs)
	return sim.NewReplay(f, recording, c.Mono)
}
