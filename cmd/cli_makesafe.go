package cmd

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/pioreactor/guard"
)

// makeSafeTime is how long make-safe tries: a service manager waits for it.
const makeSafeTime = 10 * time.Second

func makeSafeCommand(g *globals) *cobra.Command {
	var hardware string
	c := &cobra.Command{
		Use:   "make-safe",
		Short: "Switch every output off, when no node runs",
		Long: "make-safe switches every pump, the heater, the stirrer and every LED off, when no node runs that could: after a crash, or\n" +
			"after an emergency stop of the service (ExecStopPost). A node that dies leaves nothing on by itself: its guard sees to that. While\n" +
			"a node runs, stop it instead: it switches everything off.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := g.config()
			if err == nil && hardware != "" {
				err = overrideHardware(&cfg, hardware)
			}
			if err != nil {
				return err
			}
			made, err := makeSafe(g, cfg)
			if err != nil {
				return err
			}
			return g.printer(c).show(made, made.text())
		},
	}
	c.Flags().StringVar(&hardware, "hardware", "", hardwareHelp)
	return c
}

// madeSafe is what make-safe did.
type madeSafe struct {
	Hardware string `json:"hardware"`
	Outputs  bool   `json:"outputs"` // there were any
}

func (m madeSafe) text() string {
	if !m.Outputs {
		return fmt.Sprintf("hardware is %q: it ends with its node, there is nothing to make safe", m.Hardware)
	}
	return "every output is safe"
}

func makeSafe(g *globals, cfg Config) (madeSafe, error) {
	made := madeSafe{Hardware: cfg.hardware()}
	dir, err := dataDir(g.dataDir, cfg)
	if err != nil {
		return made, err
	}
	release, err := lock(dir, lockTime)
	if errors.Is(err, errHeld) {
		return made, &actors.Refusal{Code: "node_running", Reason: err.Error() + "; a node that stops makes its outputs safe"}
	}
	if err != nil {
		return made, err
	}
	defer release()
	found, err := cfg.look(dir)
	if err != nil || found == nil {
		return made, err
	}
	orders, err := cfg.guardOrders(dir, found)
	if err != nil {
		return made, err
	}
	h, err := orders.open()
	if err != nil {
		return made, err
	}
	made.Outputs = true
	if err := guard.MakeSafe(h, makeSafeTime); err != nil {
		return made, fmt.Errorf("NOT every output could be made safe: %w; cut the power", err)
	}
	return made, nil
}
