package cmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
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
	text += "\n\n" + p.jobs(st)
	if st.Vial != nil {
		text += "\nvial  " + vialText(*st.Vial, st.Now) + "\n"
	}
	if st.LEDs != nil {
		text += fmt.Sprintf("LEDs  A %s %%, B %s %%, C %s %%, D %s %%\n",
			number(st.LEDs.A), number(st.LEDs.B), number(st.LEDs.C), number(st.LEDs.D))
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

// about is the one figure that says how a job is doing.
func about(j web.Job, st web.Status) string {
	switch {
	case j.State == actors.Disconnected || j.State == actors.Lost:
		return j.Reason
	case j.Name == "stirring" && st.Stirring != nil:
		return fmt.Sprintf("%.0f rpm", st.Stirring.RPM)
	case j.Name == "od_reading" && st.OD != nil:
		return odText(*st.OD)
	case j.Name == "growth_rate_calculating" && st.GrowthRate != nil:
		return growthText(st)
	case j.Automation != "":
		return automationText(j, st.Events)
	}
	return ""
}

func odText(all actors.ODReadings) string {
	var texts []string
	for _, r := range all.Readings {
		text := fmt.Sprintf("%.4g AU at %s°", r.Value, r.Angle)
		if r.Quality.Grade != actors.Good {
			text += fmt.Sprintf(" (%s: %s)", r.Quality.Grade, r.Quality.Reason)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func growthText(st web.Status) string {
	text := fmt.Sprintf("µ = %.3f 1/h", st.GrowthRate.PerH)
	if st.ODFiltered != nil {
		text += fmt.Sprintf(", normalized OD %.3g", st.ODFiltered.Value)
	}
	return text
}

// automationText is an automation's name and the last it did.
func automationText(j web.Job, events []actors.AutomationEvent) string {
	i := slices.IndexFunc(events, func(e actors.AutomationEvent) bool { return e.Job == j.Name })
	if i < 0 {
		return j.Automation
	}
	return j.Automation + ": " + events[i].Message
}

func vialText(v actors.Vial, now time.Time) string {
	text := fmt.Sprintf("%.2f mL, alt media %.3g %%, dilution rate %.3g 1/h, %.3g generations",
		v.VolumeML, 100*v.AltFraction, v.DilutionRatePerH, v.Generations)
	if !v.LastDose.IsZero() {
		text += fmt.Sprintf(", last dose %v ago", now.Sub(v.LastDose).Round(time.Second))
	}
	if v.OwedWasteML > 0 {
		text += fmt.Sprintf(", %.2f mL of waste still to remove", v.OwedWasteML)
	}
	return text
}
