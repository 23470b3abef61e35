package cmd

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/cmd/report"
	"github.com/pioactor/pioactor/hw/sim"
)

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
