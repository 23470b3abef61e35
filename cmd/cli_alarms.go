package cmd

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
)

func alarmsCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "alarms",
		Short: "What somebody should know of, and acknowledge",
		Args:  cobra.NoArgs,
		Example: `  pioactor alarms
  pioactor alarms ack stirring_stalled
  pioactor alarms test`,
		RunE: g.talk(func(s *session) error {
			alarms, err := s.node.Alarms(s.ctx)
			if err != nil {
				return err
			}
			return s.show(alarms, s.alarms(alarms))
		}),
	}
	c.AddCommand(ackCommand(g), testCommand(g))
	return c
}

func ackCommand(g *globals) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "ack NAME | --all",
		Short: "Take note of an alarm; a latched one that is over ends",
		Args:  cobra.MaximumNArgs(1),
		Example: `  pioactor alarms ack stirring_stalled
  pioactor alarms ack --all`,
		RunE: func(c *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return usagef("want the name of one alarm, or --all")
			}
			return g.talk(func(s *session) error { return s.acknowledge(all) })(c, args)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every alarm there is")
	return c
}

func (s *session) acknowledge(all bool) error {
	if all {
		answer, err := s.node.AcknowledgeAll(s.ctx)
		if err != nil {
			return err
		}
		return s.show(answer, "all alarms are acknowledged")
	}
	answer, err := s.node.Acknowledge(s.ctx, s.args[0])
	if err != nil {
		return err
	}
	return s.show(answer, s.args[0]+" is acknowledged")
}

func testCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "test [TARGET]",
		Short: "Send a test to where alarms go, and show what was answered",
		Long: "Send a test to the target [alarms.deliver.TARGET] of the config file, or to all, and show what\n" +
			"each answered. It fails if one could not be reached.",
		Args: cobra.MaximumNArgs(1),
		Example: `  pioactor alarms test
  pioactor alarms test phone`,
		RunE: g.talk(func(s *session) error {
			target := ""
			if len(s.args) == 1 {
				target = s.args[0]
			}
			var results []actors.Delivery
			err := s.during("sending", func() (err error) {
				results, err = s.node.TestDelivery(s.ctx, target)
				return err
			})
			if err != nil {
				return err
			}
			if err := s.show(results, s.deliveries(results)); err != nil {
				return err
			}
			if slices.ContainsFunc(results, func(d actors.Delivery) bool { return !d.OK }) {
				return errSaid
			}
			return nil
		}),
	}
}

func (p *printer) deliveries(results []actors.Delivery) string {
	var rows [][]string
	for _, d := range results {
		came := "arrived"
		if !d.OK {
			came = p.painted(red, "failed")
		}
		rows = append(rows, []string{d.Target, d.Kind, came, d.Answer})
	}
	return p.table([]string{"TARGET", "KIND", "TEST", "ANSWER"}, rows)
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
	case a.HiddenBy != "":
		return "hidden by " + a.HiddenBy
	case a.Over:
		return "over, not acknowledged"
	case a.Acked:
		return "acknowledged"
	case a.Latched:
		return "latched"
	}
	return "active"
}
