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
			"config, hours, seed and faults make the same files. Ctrl-C ends the run early and reports what there is.\n\n" +
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

// report runs the simulation, writes its files and tells the figures.
func (s *simulation) report(ctx context.Context, cfg Config, p *printer) error {
	run, cut := s.run(ctx, cfg, &screen{out: p.errs, live: p.live})
	if cut != nil && !errors.Is(cut, errCut) {
		return cut
	}
	if err := s.write(run); err != nil {
		return errors.Join(cut, err)
	}
	sum := run.Summary()
	err := p.show(sum, fmt.Sprintf("%s\nreport: %s, readings.csv and events.csv beside it", sum, filepath.Join(s.out, "report.svg")))
	if cut != nil {
		cut = fmt.Errorf("%w; the report tells of the run up to then", cut)
	}
	return errors.Join(cut, err)
}

// errCut ends a run early; what there is of it is reported.
var errCut = errors.New("cancelled")

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

// run lives the life of the vial and returns what was recorded; with errCut as
// much of it as there was time for.
func (s *simulation) run(ctx context.Context, cfg Config, scr *screen) (*report.Run, error) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // any; the same files every day
	clk := clock.Virtual(start, s.seed)
	cfg.Sim.Seed, cfg.Unit.Name = s.seed, "simulated"
	opened, err := openBoard(cfg, site{clock: clk})
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
	if err := u.Start(); err != nil {
		return nil, errors.Join(err, board.Close())
	}
	cut := s.live(ctx, clk, scr)
	if err := board.Close(); err != nil {
		return nil, err
	}
	run := rec.Run(clk.Mono())
	run.MaxFillML = board.Info().MaxFillML
	return run, cut
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

// live drives the clock in small strides, so that Ctrl-C is soon heard.
func (s *simulation) live(ctx context.Context, clk *clock.Clock, scr *screen) error {
	length, shown := s.length(), time.Time{}
	for clk.Mono() < length {
		if ctx.Err() != nil {
			scr.end()
			return fmt.Errorf("simulate: %w after %v of %v", errCut, clk.Mono(), length)
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
