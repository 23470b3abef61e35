package cmd

import (
	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
)

func alarmsCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "alarms",
		Short: "What somebody should know of, and acknowledge",
		Args:  cobra.NoArgs,
		Example: `  pioactor alarms
  pioactor alarms ack stirring_stalled`,
		RunE: g.talk(func(s *session) error {
			alarms, err := s.node.Alarms(s.ctx)
			if err != nil {
				return err
			}
			return s.show(alarms, s.alarms(alarms))
		}),
	}
	c.AddCommand(&cobra.Command{
		Use:     "ack NAME",
		Short:   "Take note of an alarm; a latched one that is over ends",
		Args:    cobra.ExactArgs(1),
		Example: `  pioactor alarms ack stirring_stalled`,
		RunE: g.talk(func(s *session) error {
			answer, err := s.node.Acknowledge(s.ctx, s.args[0])
			if err != nil {
				return err
			}
			return s.show(answer, s.args[0]+" is acknowledged")
		}),
	})
	return c
}

func (p *printer) alarms(alarms []actors.Alarm) string {
	var rows [][]string
	for _, a := range alarms {
		rows = append(rows, []string{a.Name, a.Priority, a.Since.Local().Format("2006-01-02 15:04:05"), standing(a), a.Text})
	}
	if rows == nil {
		return "no alarms"
	}
	return p.table([]string{"ALARM", "PRIORITY", "SINCE", "STANDS", "MEANING"}, rows)
}

// standing says what an alarm waits for.
func standing(a actors.Alarm) string {
	switch {
	case a.Over:
		return "over, not acknowledged"
	case a.Acked:
		return "acknowledged"
	case a.Latched:
		return "latched"
	}
	return "active"
}
