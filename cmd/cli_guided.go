package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

func guidedCommand(g *globals) *cobra.Command {
	var use bool
	c := &cobra.Command{
		Use:   "run DEVICE",
		Short: "Make a calibration, step by step",
		Long: "Make a calibration, step by step. A pump (media_pump, alt_media_pump, waste_pump) moves water that you weigh, about\n" +
			"20 minutes; stirring is measured by itself, about 75 s.\n\n" +
			"Answer each question, Enter alone for what stands in brackets. Or: undo, redo, quit. Ctrl-C leaves with outputs as they\n" +
			"end by themselves; the same command goes on within 15 minutes.",
		Args: cobra.ExactArgs(1), ValidArgs: []string{"media_pump", "alt_media_pump", "waste_pump", "stirring"},
		Example: `  pioactor calibrations run media_pump
  pioactor calibrations run stirring --use`,
	}
	c.Flags().BoolVar(&use, "use", false, "make the calibration the active one, without a question")
	c.RunE = func(c *cobra.Command, args []string) error {
		return g.talk(func(s *session) error {
			ctx, stop := signal.NotifyContext(s.ctx, os.Interrupt, syscall.SIGTERM)
			defer stop()
			s.ctx = ctx
			d := &dialogue{session: s, lines: readLines(ctx, bufio.NewScanner(c.InOrStdin()))}
			return d.run(web.ProcedureRequest{Device: args[0], Use: use})
		})(c, args)
	}
	return c
}

// readLines hands on one line after the other; it is closed at the end of the
// input. A read that nobody waits for any more ends with the process.
func readLines(ctx context.Context, in *bufio.Scanner) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in.Scan() {
			select {
			case lines <- strings.TrimSpace(in.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// dialogue is a procedure in a terminal.
type dialogue struct {
	*session
	lines <-chan string
	now   actors.Procedure
	last  string // what was said last: the same is not said twice
}

// look is the pause between two looks at an action that is under way.
const look = 100 * time.Millisecond

// errLeft ends a dialogue that goes on later.
var errLeft = errors.New("left unfinished; the same command goes on with it, for 15 minutes")

func (d *dialogue) run(start web.ProcedureRequest) (err error) {
	if d.now, err = d.node.Steer(d.ctx, "start", start); err != nil {
		return err
	}
	for {
		if err := d.tell(); err != nil {
			return err
		}
		switch d.now.State {
		case actors.ProcedureEnded:
			return d.end()
		case actors.ProcedureWorks:
			err = d.wait()
		default:
			err = d.ask()
		}
		if err != nil {
			return err
		}
	}
}

// end is errSaid unless a calibration came of it.
func (d *dialogue) end() error {
	if d.now.Failed {
		return errSaid
	}
	return nil
}

// tell shows what is asked or done, as JSON one value for each turn.
func (d *dialogue) tell() error {
	text := procedureText(d.now)
	if text == d.last {
		return nil
	}
	d.last = text
	return d.show(d.now, text)
}

func procedureText(p actors.Procedure) string {
	var b strings.Builder
	if p.Problem != "" {
		b.WriteString("! " + printable(p.Problem) + "\n")
	}
	for _, w := range p.Warnings {
		b.WriteString("! " + printable(w) + "\n")
	}
	switch {
	case p.State == actors.ProcedureEnded:
		return b.String() + printable(p.Text)
	case p.State == actors.ProcedureWorks:
		return b.String() + fmt.Sprintf("  … %s, %.0f %%", printable(p.Title), p.Done)
	}
	return b.String() + fmt.Sprintf("\n%s\n%s\n%s", printable(p.Title), printable(p.Text), hint(p))
}

// hint is what can be answered.
func hint(p actors.Procedure) string {
	what := "Enter"
	switch {
	case len(p.Field.OneOf) > 0:
		what = strings.Join(p.Field.OneOf, " or ")
	case p.Field.Name != "":
		what = strings.TrimSpace(p.Field.Name)
	}
	if p.Field.Default != "" {
		what += " [" + printable(p.Field.Default) + "]"
	}
	if p.Undo {
		what += ", undo"
	}
	if p.Redo {
		what += ", redo"
	}
	return "→ " + what + ", quit"
}

// wait looks until the action is over.
func (d *dialogue) wait() error {
	select {
	case <-d.ctx.Done():
		return errLeft
	case <-time.After(look):
	}
	now, err := d.node.Procedure(d.ctx)
	switch {
	case d.ctx.Err() != nil:
		return errLeft
	case err != nil:
		return err
	case now.ID != d.now.ID:
		return errors.New("somebody else has begun another procedure")
	}
	d.now = now
	return nil
}

// ask takes one line to the unit. What the unit refuses is asked again.
func (d *dialogue) ask() error {
	var line string
	select {
	case <-d.ctx.Done():
		return errLeft
	case text, more := <-d.lines:
		if !more {
			return errLeft
		}
		line = text
	}
	verb, value := "answer", line
	if v, ok := verbs[strings.ToLower(line)]; ok {
		verb, value = v, ""
	}
	next, err := d.node.Steer(d.ctx, verb, web.ProcedureRequest{ID: d.now.ID, Turn: d.now.Turn, Value: value})
	if verb == "stop" && err == nil {
		d.now = next
		d.now.Failed = false // it was asked for
		return nil
	}
	return d.taken(next, err)
}

var verbs = map[string]string{"undo": "undo", "redo": "redo", "quit": "stop"}

// taken goes on with next, or says why the answer was refused.
func (d *dialogue) taken(next actors.Procedure, err error) error {
	var refused *web.Error
	switch {
	case err == nil:
		d.now = next
		return nil
	case d.ctx.Err() != nil:
		return errLeft
	case !errors.As(err, &refused) || !refused.Refused():
		return err
	}
	if _, err := fmt.Fprintln(d.errs, "! "+printable(refused.Reason)); err != nil {
		return fmt.Errorf("cmd: print: %w", err)
	}
	if now, err := d.node.Procedure(d.ctx); err == nil && now.ID == d.now.ID {
		d.now = now // somebody else may have answered
	}
	return nil
}
