package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

// levels of a log line, ascending.
var levels = []string{"debug", "info", "notice", "warning", "error"}

// mostLogs is how many lines a node keeps at hand.
const mostLogs = 1000

func logsCommand(g *globals) *cobra.Command {
	var f logFlags
	c := &cobra.Command{
		Use:   "logs",
		Short: "The unit's log: its last lines, and with -f what comes",
		Args:  cobra.NoArgs,
		Example: `  pioactor logs -n 100
  pioactor logs -f --level warning`,
	}
	c.Flags().BoolVarP(&f.follow, "follow", "f", false, "go on until Ctrl-C")
	c.Flags().IntVarP(&f.count, "lines", "n", 20, "`how many` lines of the past, at most 1000")
	c.Flags().StringVar(&f.level, "level", "debug", "the least `level`: "+strings.Join(levels, ", "))
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := f.check(); err != nil {
			return err
		}
		return g.talk(f.print)(c, args)
	}
	return c
}

type logFlags struct {
	follow bool
	count  int
	level  string
}

func (f logFlags) check() error {
	switch {
	case f.count < 0 || f.count > mostLogs:
		return usagef("--lines: want 0 to %d, got %d", mostLogs, f.count)
	case !slices.Contains(levels, f.level):
		return usagef("--level: want one of %s, got %.20q", strings.Join(levels, ", "), f.level)
	}
	return nil
}

// wants reports whether a line is as urgent as asked for; an unknown level is.
func (f logFlags) wants(line actors.Log) bool {
	level := slices.Index(levels, strings.ToLower(line.Level))
	return level < 0 || level >= slices.Index(levels, f.level)
}

func (f logFlags) print(s *session) error {
	lines, err := s.node.Logs(s.ctx, mostLogs)
	if err != nil {
		return err
	}
	var seen uint64
	if len(lines) > 0 {
		seen = lines[len(lines)-1].Seq
	}
	lines = slices.DeleteFunc(lines, func(line actors.Log) bool { return !f.wants(line) })
	lines = lines[max(0, len(lines)-f.count):]
	if !f.follow {
		return s.show(lines, s.logText(lines))
	}
	for _, line := range lines {
		if err := s.show(line, s.logText([]actors.Log{line})); err != nil {
			return err
		}
	}
	return s.followLogs(f, seen)
}

// followLogs prints every line after the one numbered seen.
func (s *session) followLogs(f logFlags, seen uint64) error {
	return s.facts([]string{"log"}, func(fact any) error {
		line, ok := fact.(actors.Log)
		if !ok || line.Seq <= seen || !f.wants(line) {
			return nil
		}
		return s.show(line, s.logText([]actors.Log{line}))
	})
}

// facts follows the facts of some types, beginning with those that the node
// still has at hand, so that nothing falls between two requests.
func (s *session) facts(types []string, f func(fact any) error) error {
	return s.follow(func(ctx context.Context) error {
		st, err := s.node.Status(ctx)
		if err != nil {
			return err
		}
		return s.node.Events(ctx, st.Boot+".0", types, func(r web.Received) error {
			if r.Name == "gap" {
				return nil // older than what somebody can wait for
			}
			fact, err := r.Fact()
			if err != nil {
				return err
			}
			return f(fact)
		})
	})
}

func (p *printer) logText(lines []actors.Log) string {
	if len(lines) == 0 {
		return "no such lines"
	}
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%s  %s %-24s %s\n", line.At.Local().Format("2006-01-02 15:04:05"),
			p.paint(fmt.Sprintf("%-7s", strings.ToUpper(line.Level))), printable(line.Task), printable(line.Message))
	}
	return b.String()
}

func logCommand(g *globals) *cobra.Command {
	var note web.NoteRequest
	c := &cobra.Command{
		Use:   "log MESSAGE",
		Short: "Write a line into the unit's log",
		Args:  cobra.MinimumNArgs(1),
		Example: `  pioactor log "sampled 1 mL"
  pioactor log --level warning --task sampling "the lid was open"`,
	}
	c.Flags().StringVar(&note.Level, "level", "info", "`level`: "+strings.Join(levels, ", "))
	c.Flags().StringVar(&note.Task, "task", "note", "`name` of what the line is about")
	c.RunE = g.talk(func(s *session) error {
		note.Text = strings.Join(s.args, " ")
		if err := s.node.Note(s.ctx, note); err != nil {
			return err
		}
		return s.show(web.Answer{OK: true}, "logged")
	})
	return c
}
