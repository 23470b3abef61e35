package cmd

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

func checkCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "check-config [FILE]",
		Short: "Check a config file, and tell what is unusual about it",
		Args:  cobra.MaximumNArgs(1),
		Example: `  pioactor check-config config.toml
  pioactor check-config --json config.toml`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && g.configFile != "" && args[0] != g.configFile {
				return usagef("want one file, got %q and --config %q", args[0], g.configFile)
			}
			if len(args) == 1 {
				g.configFile = args[0]
			}
			cfg, err := g.config()
			return g.printer(c).check(cfg, err)
		},
	}
}

// verdict is what check-config found.
type verdict struct {
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`
	Warnings []string `json:"warnings"`
}

func (p *printer) check(cfg Config, err error) error {
	v := verdict{OK: err == nil, Problems: problems(err), Warnings: []string{}}
	if v.OK {
		v.Warnings = append(v.Warnings, warnings(cfg)...)
	} else if !p.json {
		return err
	}
	text := "ok"
	for _, w := range v.Warnings {
		text += "\n" + p.painted(yellow, "warning:") + " " + w
	}
	if printed := p.show(v, text); printed != nil || v.OK {
		return printed
	}
	return errSaid
}

// problems takes joined errors apart.
func problems(err error) []string {
	all := []string{}
	for _, e := range parts(err) {
		all = append(all, e.Error())
	}
	return all
}

// warnings tell what is allowed and easily not meant.
func warnings(cfg Config) []string {
	var all []string
	if cfg.Unit.Hardware == "auto" {
		all = append(all, fmt.Sprintf("[unit] hardware: auto comes to %s on this machine; see `pioactor doctor`", cfg.settled(machine.Linux().Root()).hardware()))
	}
	if roles := slices.Collect(maps.Values(cfg.PWM)); !slices.Contains(roles, "waste") &&
		(slices.Contains(roles, "media") || slices.Contains(roles, "alt_media")) {
		all = append(all, "[pwm] no channel is waste: what is added cannot be removed")
	}
	if !slices.Contains(slices.Collect(maps.Values(cfg.Photodiodes)), "REF") {
		all = append(all, "[photodiodes] no channel is REF: readings follow the brightness of the IR LED")
	}
	return append(all, staleTooSoon(cfg)...)
}

// staleTooSoon finds alarms that take slow OD readings for silence.
func staleTooSoon(cfg Config) []string {
	r, err := actors.Lookup("od_reading", "")
	if err != nil {
		return nil // this binary has no such job
	}
	job, err := actors.Spec{Name: r.Name, New: r.New, Table: cfg.table(r.Name, "")}.Prepare()
	if err != nil {
		return []string{err.Error()}
	}
	f, _ := setting.Find(job, "interval")
	interval, _ := f.Value(job).(float64)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(cfg.Alarms.Declared)) {
		d := cfg.Alarms.Declared[name]
		if d.Enabled && d.WhileJob == "od_reading" && d.Stale > 0 && d.Stale.Seconds() < 3*interval {
			all = append(all, fmt.Sprintf("[alarms.%s] stale_s: %v s is less than three times the interval of [od_reading], %v s: slow readings will look like silence",
				name, d.Stale.Seconds(), interval))
		}
	}
	return all
}
