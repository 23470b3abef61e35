package cmd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

func jobsCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "jobs",
		Short: "List, start, stop and set jobs",
		Args:  cobra.NoArgs,
		Example: `  pioactor jobs
  pioactor jobs start dosing_automation --automation turbidostat --set target_od=0.5
  pioactor jobs set stirring target_rpm 500`,
		RunE: g.talk(listJobs),
	}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "The jobs that run or ran", Args: cobra.NoArgs, RunE: g.talk(listJobs)},
		startCommand(g), stopCommand(g), setCommand(g), infoCommand(g),
	)
	return c
}

func listJobs(s *session) error {
	jobs, err := s.node.Jobs(s.ctx)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, j := range jobs {
		rows = append(rows, []string{j.Name, string(j.State), valueOr(j.Automation, "-"), valueOr(j.Experiment, "-"), j.Reason})
	}
	return s.show(jobs, s.table([]string{"JOB", "STATE", "AUTOMATION", "EXPERIMENT", "REASON"}, rows))
}

func valueOr(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func startCommand(g *globals) *cobra.Command {
	var assigned []string
	var automation string
	c := &cobra.Command{
		Use:   "start JOB",
		Short: "Start a job, and wait until it is ready",
		Args:  cobra.ExactArgs(1),
		Example: `  pioactor jobs start stirring --set target_rpm=400
  pioactor jobs start dosing_automation --automation turbidostat --set target_od=0.5 --set exchange_volume_ml=1`,
		ValidArgsFunction: jobNames,
	}
	c.Flags().StringArrayVar(&assigned, "set", nil, "`setting=value` to start with; repeatable")
	c.Flags().StringVar(&automation, "automation", "", "`name` of the automation that shall fill the job")
	c.RunE = func(c *cobra.Command, args []string) error {
		options, err := assignments(assigned)
		if err != nil {
			return err
		}
		if automation != "" {
			options["automation_name"] = automation
		}
		return g.talk(func(s *session) error { return s.start(args[0], options) })(c, args)
	}
	return c
}

func (s *session) start(job string, options map[string]any) error {
	var answer web.Answer
	err := s.during("starting "+job, func() (err error) {
		answer, err = s.node.Start(s.ctx, job, options)
		return err
	})
	if err != nil {
		return err
	}
	return s.show(answer, job+" is ready")
}

// assignments reads setting=value texts.
func assignments(texts []string) (map[string]any, error) {
	values := map[string]any{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, usagef("--set: want setting=value, such as target_rpm=400, got %q", text)
		}
		if _, twice := values[name]; twice {
			return nil, usagef("--set: %s is given twice", name)
		}
		values[name] = value
	}
	return values, nil
}

func stopCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:               "stop JOB",
		Short:             "Stop a job; its outputs are made safe",
		Args:              cobra.ExactArgs(1),
		Example:           `  pioactor jobs stop dosing_automation`,
		ValidArgsFunction: jobNames,
		RunE: g.talk(func(s *session) error {
			answer, err := s.node.Stop(s.ctx, s.args[0])
			if err != nil {
				return err
			}
			return s.show(answer, s.args[0]+" is stopped")
		}),
	}
}

func setCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "set JOB SETTING VALUE [SETTING VALUE ...]",
		Short: "Change settings of a running job: all of them or none",
		Long: "Change settings of a running job: all of them or none.\n\n" +
			"$state takes sleeping and ready. Put -- before a negative value.",
		Args: settingPairs,
		Example: `  pioactor jobs set stirring target_rpm 500
  pioactor jobs set dosing_automation target_od 0.4 exchange_volume_ml 1.5
  pioactor jobs set stirring '$state' sleeping`,
		ValidArgsFunction: jobNames,
		RunE: g.talk(func(s *session) error {
			values := map[string]any{}
			for i := 1; i+1 < len(s.args); i += 2 {
				values[s.args[i]] = s.args[i+1]
			}
			answer, err := s.node.Set(s.ctx, s.args[0], values)
			if err != nil {
				return err
			}
			return s.show(answer, s.args[0]+": "+wordPairs(values))
		}),
	}
}

func settingPairs(_ *cobra.Command, args []string) error {
	if len(args) < 3 || len(args)%2 == 0 {
		return usagef("want a job and pairs of setting and value")
	}
	for i := 3; i < len(args); i += 2 {
		if slices.Contains(names(args[1:i]), args[i]) {
			return usagef("%s is given twice", args[i])
		}
	}
	return nil
}

// names are the first of each pair.
func names(pairs []string) []string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, pairs[i])
	}
	return all
}

func wordPairs(values map[string]any) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		texts = append(texts, fmt.Sprintf("%s = %v", name, values[name]))
	}
	return strings.Join(texts, ", ")
}

func infoCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:               "info JOB",
		Short:             "A job's settings: value, default, range, meaning",
		Args:              cobra.ExactArgs(1),
		Example:           `  pioactor jobs info od_reading`,
		ValidArgsFunction: jobNames,
		RunE: g.talk(func(s *session) error {
			info, err := s.node.Job(s.ctx, s.args[0])
			if err != nil {
				return err
			}
			return s.show(info, s.info(info))
		}),
	}
}

// info words all that can be said about a job: one table for each automation
// that may fill it.
func (p *printer) info(info web.JobInfo) string {
	text := fmt.Sprintf("%s: %s", info.Name, p.paint(valueOr(string(info.State), "not running")))
	if info.Automation != "" {
		text += ", automation " + info.Automation
	}
	if info.Experiment != "" {
		text += fmt.Sprintf(", experiment %q", info.Experiment)
	}
	if info.Reason != "" {
		text += ", because " + printable(info.Reason)
	}
	text += "\n"
	for _, schema := range info.Schemas {
		if info.Automation != "" && schema.Name != info.Automation {
			continue // the automation that runs is what is asked about
		}
		text += "\n"
		if schema.Name != info.Name {
			text += "automation " + schema.Name + "\n"
		}
		text += p.schema(schema)
	}
	return text + p.undeclared(info)
}

func (p *printer) schema(schema web.Schema) string {
	var rows [][]string
	for _, f := range schema.Settings {
		change, wants := "at start", f.Range
		switch {
		case f.Settable:
			change = "any time"
		case f.ReadOnly:
			change, wants = "by the job", "-"
		}
		rows = append(rows, []string{f.Name, valueText(f.Value, f.Unit), valueText(f.Default, f.Unit), wants, change, f.Help})
	}
	if rows == nil {
		return "no settings\n"
	}
	return p.table([]string{"SETTING", "NOW", "DEFAULT", "WANTS", "CHANGED", "MEANING"}, rows)
}

// undeclared lists what a job shows beyond its declared settings.
func (p *printer) undeclared(info web.JobInfo) string {
	declared := map[string]bool{"automation_name": true}
	for _, schema := range info.Schemas {
		for _, f := range schema.Settings {
			declared[f.Name] = true
		}
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(info.Settings)) {
		if !declared[name] {
			rows = append(rows, []string{name, valueText(info.Settings[name], "")})
		}
	}
	if rows == nil {
		return ""
	}
	return "\n" + p.table([]string{"SHOWN", "NOW"}, rows)
}

// jobNames completes the first argument.
func jobNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, r := range actors.Registered() {
		if len(args) == 0 {
			all = append(all, r.Slot())
		}
	}
	return slices.Compact(all), cobra.ShellCompDirectiveNoFileComp
}
