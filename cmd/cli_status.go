package cmd

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
)

func statusCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What the unit is doing now",
		Args:  cobra.NoArgs,
		Example: `  pioactor status
  pioactor status --json`,
		RunE: g.talk(func(s *session) error {
			st, err := s.node.Status(s.ctx)
			if err != nil {
				return err
			}
			return s.show(st, s.status(st))
		}),
	}
}

// status words the overview.
func (p *printer) status(st web.Status) string {
	up := time.Duration(st.UptimeS) * time.Second
	text := fmt.Sprintf("unit %s, experiment %q, up %v", st.Unit, st.Experiment, up)
	if st.Broker != nil {
		text += fmt.Sprintf(", MQTT at %s (%s)", st.Broker.URL, connection(st.Broker.Connected))
	}
	text += "\n\n" + p.jobs(st) + "\n"
	for _, l := range overview(st) {
		text += p.painted(l.colour, fmt.Sprintf("%-8s", l.what)) + "  " + printable(l.text) + "\n"
	}
	for _, a := range st.Alarms {
		text += p.painted(red, "ALARM") + fmt.Sprintf(" %s (%s): %s\n", a.Name, a.Priority, printable(a.Text))
	}
	return text
}

func connection(up bool) string {
	if up {
		return "connected"
	}
	return "not connected"
}

func (p *printer) jobs(st web.Status) string {
	var rows [][]string
	for _, j := range st.Jobs {
		rows = append(rows, []string{j.Name, string(j.State), about(j, st)})
	}
	if rows == nil {
		return "no jobs; see `pioactor jobs start --help`\n"
	}
	return p.table([]string{"JOB", "STATE", "NOW"}, rows)
}
