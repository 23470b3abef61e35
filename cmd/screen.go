package cmd

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/unit"
	"github.com/pioactor/pioactor/bridge/web"
)

// screen is the short live status that `pioactor up` shows in a terminal: what
// is at work, what it measures, where to look further.
type screen struct {
	out    io.Writer
	live   bool // a terminal: repaint in place; else a line now and then
	sys    *actors.System
	broker string
	doses  atomic.Int64 // of liquid that went in, since the start
	lines  int
}

// newScreen counts doses without a tap: nobody must wait for a terminal.
func newScreen(out io.Writer, live bool, sys *actors.System) *screen {
	s := &screen{out: out, live: live, sys: sys}
	sys.Watch(func(f actors.Fact) {
		if d, ok := f.(actors.Dosed); ok && d.MediaML+d.AltMediaML > 0 {
			s.doses.Add(1)
		}
	})
	return s
}

// The modes of a terminal (DEC private mode 7): a long line is cut, not wrapped,
// so that the next picture lies on this one.
const (
	cutLines  = "\x1b[?7l"
	wrapLines = "\x1b[?7h"
)

// paint shows the present state.
func (s *screen) paint(now time.Time) {
	rows := s.rows(now)
	if !s.live {
		fmt.Fprintln(s.out, strings.Join(rows, " | "))
		return
	}
	if s.lines > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", s.lines)
	}
	s.lines = len(rows)
	fmt.Fprintln(s.out, cutLines+strings.Join(rows, "\n")+wrapLines)
}

func (s *screen) rows(now time.Time) []string {
	st := web.Overview(s.sys, unit.Assigned(s.sys))
	title := "unit " + st.Unit
	if st.Experiment != "" {
		title += fmt.Sprintf(", experiment %q", st.Experiment)
	}
	rows := []string{title + ", " + now.Local().Format("15:04:05")}
	row := func(what, state, text string) {
		rows = append(rows, strings.TrimRight(fmt.Sprintf("  %-26s %-9s %s", what, state, printable(text)), " "))
	}
	for _, j := range st.Jobs {
		if j.State != actors.Disconnected {
			row(j.Name, string(j.State), about(j, st))
		}
	}
	for _, r := range overview(st) {
		if r.what == "vial" {
			r.text += fmt.Sprintf(", %d doses", s.doses.Load())
		}
		row(r.what, "", r.text)
	}
	for _, a := range st.Alarms {
		row("ALARM "+a.Name, a.Priority, a.Text)
	}
	if s.broker != "" {
		rows = append(rows, fmt.Sprintf("  MQTT at %s: mosquitto_sub -p %s -v -t 'pioreactor/#'", s.broker, port(s.broker)))
	}
	return rows
}

func port(broker string) string { return broker[strings.LastIndex(broker, ":")+1:] }
