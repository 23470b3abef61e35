package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

func doctorCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at the board and the computer, and say what to do",
		Long: "Look whether this computer and the HAT on it can run a unit, and say what to do where they cannot. It works without a\n" +
			"running node and on any computer, moves nothing and changes nothing: it reads files, asks on the I2C bus who answers\n" +
			"at the addresses that a Pioreactor uses, and whether lines are free. While a node runs, bus and lines are its own,\n" +
			"and are left alone.\n\n" +
			"Ends with 0 when the unit can run as [unit] hardware says, with 1 otherwise.",
		Args: cobra.NoArgs,
		Example: `  pioactor doctor
  pioactor doctor --config config.toml --json`,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := g.config()
			if err != nil {
				return err
			}
			busy, err := g.busy()
			if err != nil {
				return err
			}
			return g.printer(c).diagnosis(diagnose(machine.Linux(), cfg, busy))
		},
	}
}

// busy says why bus and lines are somebody else's; empty when they are not.
func (g *globals) busy() (string, error) {
	dir, err := g.stateDir()
	if err != nil {
		return "", err
	}
	socket, err := findSocket(dir)
	if err != nil {
		return "", nil // no node has ever run here
	}
	node, err := web.Dial(socket)
	switch {
	case err == nil:
		node.Close()
		return "a node runs", nil
	case errors.Is(err, fs.ErrPermission):
		return "another user's node may run", nil
	case errors.Is(err, web.ErrNoNode):
		return "", nil
	}
	return "", err
}

// diagnosis is what doctor found.
type diagnosis struct {
	OK       bool                  `json:"ok"`
	Hardware string                `json:"hardware"` // what a node would run on
	Summary  string                `json:"summary"`
	Findings describe.Findings     `json:"findings"`
	Board    *describe.Description `json:"board"` // null when there is none, or nobody knows what is where
}

// diagnose looks at m as the node would with cfg.
func diagnose(m machine.Machine, cfg Config, busy string) diagnosis {
	board, found, err := cfg.lookFor(m, busy)
	d := diagnosis{Hardware: cfg.settled(m.Root()).hardware(), Findings: found}
	if err == nil {
		d.Board = &board
	}
	bad := found.Worst() == describe.Bad
	switch {
	case d.Hardware == "pioreactor" && err != nil:
		d.Summary = "the unit cannot run: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	case d.Hardware == "pioreactor" && bad:
		d.Summary = "the unit cannot run on this board as it is: see what is bad"
	case d.Hardware == "pioreactor" && busy != "":
		d.OK, d.Summary = true, "nothing bad was found, as far as one can look while "+busy
	case d.Hardware == "pioreactor":
		d.OK, d.Summary = true, fmt.Sprintf("the unit can run on this board: HAT %s, %s %s", board.HAT, board.Model, board.ModelVer)
	case cfg.Unit.Hardware == "auto" && bad:
		d.Summary = "the unit would run simulated, though a HAT seems to be on: see what is bad"
	case cfg.Unit.Hardware == "auto":
		d.OK, d.Summary = true, "the unit runs simulated: hardware in [unit] is \"auto\", and no Pioreactor HAT was found"
	default:
		d.OK, d.Summary = true, fmt.Sprintf("the unit runs without a HAT: hardware in [unit] is %q; what is not ok matters only for a HAT", d.Hardware)
	}
	return d
}

func (p *printer) diagnosis(d diagnosis) error {
	if err := p.show(d, p.diagnosisText(d)); err != nil || d.OK {
		return err
	}
	return errSaid
}

// diagnosisText is a table of what was found, and below it what to do.
func (p *printer) diagnosisText(d diagnosis) string {
	var rows [][]string
	var next strings.Builder
	for _, f := range d.Findings {
		rows = append(rows, []string{string(f.Verdict), f.What, f.Found})
		if f.Verdict != describe.OK {
			fmt.Fprintf(&next, "\n%s %s\n     expected: %s\n     next: %s\n", p.paint(fmt.Sprintf("%-4s", f.Verdict)), printable(f.What), printable(f.Expected), printable(f.Do))
		}
	}
	return p.table([]string{"VERDICT", "LOOKED FOR", "FOUND"}, rows) + next.String() + "\n" + printable(d.Summary)
}
