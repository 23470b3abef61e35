package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/cmd/report"
	"github.com/pioactor/pioactor/hw/sim"
)

func simulateCommand(g *globals) *cobra.Command {
	s := simulation{}
	c := &cobra.Command{
		Use:   "simulate --out DIR",
		Short: "Run this unit on a simulated vial in virtual time, and report",
		Long: "Run the whole unit as `up` would, with its config, on a simulated vial and a virtual clock: a day takes seconds.\n" +
			"Nothing outside of the report's folder is touched. It gets readings.csv, events.csv and report.svg, and the same\n" +
			"config, hours, seed and faults make the same files.\n\n" +
			"A fault is KIND@TIME, or KIND@FROM-TO for one that passes. Kinds:\n" + faultKinds(),
		Example: `  pioactor simulate --config config.toml --hours 24 --seed 1 --out run
  pioactor simulate --hours 8 --inject stirrer_stall@6h --inject pump_dead:media@2h-3h30m --out run`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := g.config()
			if err != nil {
				return err
			}
			if cfg.Unit.Hardware == "auto" {
				cfg.Unit.Hardware = "sim" // whatever this machine has
			}
			if err := s.check(cfg); err != nil {
				return usage(err)
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.report(ctx, cfg, g.printer(c))
		},
	}
	c.Flags().Float64Var(&s.hours, "hours", 12, "how long, in `h` of the vial's life")
	c.Flags().Uint64Var(&s.seed, "seed", 1, "`number` that all chance comes from")
	c.Flags().StringArrayVar(&s.inject, "inject", nil, "`fault` such as stirrer_stall@6h; repeatable")
	c.Flags().StringVar(&s.out, "out", "", "`folder` for the report")
	return c
}

func faultKinds() string {
	var lines []string
	line := " "
	for _, kind := range sim.FaultKinds() {
		if len(line)+len(kind) > 100 {
			lines, line = append(lines, line), " "
		}
		line += " " + string(kind)
	}
	return strings.Join(append(lines, line), "\n")
}

// simulation is what the command was asked for.
type simulation struct {
	hours  float64
	seed   uint64
	inject []string
	out    string
	faults []plannedFault
}

// mostHours keeps a run's readings, some 100 bytes every 5 s, within a small
// machine's memory.
const mostHours = 2400

// check reads the flags; every problem is reported.
func (s *simulation) check(cfg Config) error {
	var errs []error
	if !(s.hours > 0 && s.hours <= mostHours) {
		errs = append(errs, fmt.Errorf("--hours: want more than 0, at most %d, got %v", mostHours, s.hours))
	}
	if s.out == "" {
		errs = append(errs, errors.New("--out: name a folder for the report, such as --out run"))
	}
	if cfg.hardware() != "sim" {
		errs = append(errs, fmt.Errorf("[unit] hardware is %q: simulate needs a simulated vial; set it to \"sim\"", cfg.Unit.Hardware))
	}
	s.faults = nil
	for _, text := range s.inject {
		f, err := parsePlannedFault(text, s.length())
		if err != nil {
			errs = append(errs, fmt.Errorf("--inject %.80q: %w", text, err))
		}
		s.faults = append(s.faults, f)
	}
	return errors.Join(errs...)
}

func (s *simulation) length() time.Duration {
	return time.Duration(s.hours * float64(time.Hour)).Round(time.Second)
}

// plannedFault is a fault and when it is there.
type plannedFault struct {
	sim.Fault
	from, to time.Duration // to 0: it stays
}

// parsePlannedFault reads "kind@from" or "kind@from-to".
func parsePlannedFault(text string, length time.Duration) (p plannedFault, err error) {
	fault, when, given := strings.Cut(text, "@")
	if !given {
		return p, errors.New("want FAULT@TIME, such as stirrer_stall@6h or hum:0.2@1h-2h30m")
	}
	if p.Fault, err = sim.ParseFault(fault); err != nil {
		return p, err
	}
	from, to, ends := strings.Cut(when, "-")
	if p.from, err = instant(from, length); err != nil || !ends {
		return p, err
	}
	if p.to, err = instant(to, length); err != nil {
		return p, err
	}
	switch {
	case p.to <= p.from:
		return p, fmt.Errorf("it would end at %v, before it begins at %v", p.to, p.from)
	case p.Kind == sim.Sample || p.Kind == sim.Inoculate:
		return p, fmt.Errorf("%s happens once and cannot be taken back; give it one time", p.Kind)
	}
	return p, nil
}

// instant reads a time of the run, such as "6h" or "1h30m".
func instant(text string, length time.Duration) (time.Duration, error) {
	at, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("time %q: want one such as 90s, 6h or 1h30m", text)
	}
	if at < 0 || at > length {
		return 0, fmt.Errorf("time %v: want 0 to the end of the run, %v", at, length)
	}
	return at, nil
}

// report runs the simulation, writes its files and tells the figures.
func (s *simulation) report(ctx context.Context, cfg Config, p *printer) error {
	run, err := s.run(ctx, cfg, &screen{out: p.errs, live: p.live})
	if err != nil {
		return err
	}
	if err := s.write(run); err != nil {
		return err
	}
	sum := run.Summary()
	return p.show(sum, fmt.Sprintf("%s\nreport: %s, readings.csv and events.csv beside it", sum, filepath.Join(s.out, "report.svg")))
}

func (s *simulation) write(run *report.Run) error {
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return errors.Join(
		writeFile(filepath.Join(s.out, "readings.csv"), run.WriteReadings),
		writeFile(filepath.Join(s.out, "events.csv"), run.WriteEvents),
		writeFile(filepath.Join(s.out, "report.svg"), run.WriteSVG),
	)
}

// writeFile makes a file of what write writes.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return errors.Join(write(f), f.Close())
}

// run lives the whole life of the vial and returns what was recorded.
func (s *simulation) run(ctx context.Context, cfg Config, scr *screen) (*report.Run, error) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // any; the same files every day
	clk := clock.Virtual(start, s.seed)
	cfg.Sim.Seed, cfg.Unit.Name = s.seed, "simulated"
	opened, err := openBoard(cfg, clk)
	if err != nil {
		return nil, err
	}
	board := opened.(*sim.Board) // check has seen to it
	u, err := NewUnit(UnitOptions{Config: cfg, Clock: clk, Board: board, Boot: "simulation", Seed: s.seed})
	if err != nil {
		return nil, err
	}
	rec := report.NewRecorder(s.title(cfg), start, func() report.Truth {
		t := board.Truth()
		return report.Truth{ODAU: t.ODAU, MuPerH: t.MuPerH, VolumeML: t.VolumeML, TemperatureC: t.VialC, OverflowML: t.OverflowML}
	})
	u.System.Watch(rec.Take)
	s.plan(clk, board, rec)
	err = u.Start()
	if err == nil {
		err = s.live(ctx, clk, scr)
	}
	if err := errors.Join(err, board.Close()); err != nil {
		return nil, err
	}
	run := rec.Run(s.length())
	run.MaxFillML = board.Info().MaxFillML
	return run, nil
}

func (s *simulation) title(cfg Config) string {
	what := "batch culture"
	for _, job := range cfg.startList() {
		if rest, ok := strings.CutPrefix(job, "dosing_automation="); ok {
			automation, _, _ := strings.Cut(rest, " ")
			what = strings.ReplaceAll(automation, "_", " ")
		}
	}
	return fmt.Sprintf("Simulated %s, %.4g h, seed %d", what, s.hours, s.seed)
}

// plan lets the faults come and go on the vial's clock.
func (s *simulation) plan(clk *clock.Clock, board *sim.Board, rec *report.Recorder) {
	at := func(when time.Duration, name, source string, act func() error) {
		clk.AfterFunc(when, func() {
			e := report.Event{At: clk.Mono(), Kind: report.Fault, Source: source, Name: name}
			if err := act(); err != nil {
				e.Name, e.Message = "failed", err.Error()
			}
			rec.Note(e)
		})
	}
	for _, f := range s.faults {
		at(f.from, "injected", f.Fault.String(), func() error { return board.Inject(f.Fault) })
		if f.to > 0 {
			at(f.to, report.Over, f.Fault.String(), func() error { return board.Clear(f.Fault) })
		}
	}
}

// live drives the clock in small strides, so that Ctrl-C is soon heard.
func (s *simulation) live(ctx context.Context, clk *clock.Clock, scr *screen) error {
	length, shown := s.length(), time.Time{}
	for clk.Mono() < length {
		if ctx.Err() != nil {
			return fmt.Errorf("simulate: cancelled after %v of %v; nothing was written", clk.Mono(), length)
		}
		clk.Run(min(length-clk.Mono(), 2*time.Minute))
		if now := time.Now(); now.Sub(shown) > 200*time.Millisecond {
			scr.progress("simulating", clk.Mono(), length)
			shown = now
		}
	}
	scr.progress("simulating", length, length)
	return nil
}
