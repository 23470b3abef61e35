package cmd

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/unit"
)

// screen is the short live status that `pioactor up` shows in a terminal: what
// is at work, what it measures, where to look further.
type screen struct {
	out    io.Writer
	live   bool // a terminal: repaint in place; else a line now and then
	sys    *actors.System
	broker string
	lines  int

	mu    sync.Mutex
	doses int
	last  actors.Dosed
}

func newScreen(out io.Writer, live bool, sys *actors.System) *screen {
	s := &screen{out: out, live: live, sys: sys}
	sys.Watch(s.count)
	return s
}

// count takes note of a dose. A tap would hold back doses while nobody looks.
func (s *screen) count(f actors.Fact) {
	if d, ok := f.(actors.Dosed); ok && d.MediaML+d.AltMediaML > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.doses++
		s.last = d
	}
}

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
	fmt.Fprintln(s.out, strings.Join(rows, "\n"))
}

func (s *screen) rows(now time.Time) []string {
	title := "unit " + s.sys.Unit()
	if experiment := unit.Assigned(s.sys); experiment != "" {
		title += fmt.Sprintf(", experiment %q", experiment)
	}
	rows := []string{title + ", " + now.Local().Format("15:04:05")}
	for _, f := range s.sys.Retained() {
		if job, ok := f.(actors.JobState); ok && job.State != actors.Disconnected {
			rows = append(rows, fmt.Sprintf("  %-26s %-9s %s", job.Job, job.State, s.about(job.Job, now)))
		}
	}
	rows = append(rows, s.alarms()...)
	if s.broker != "" {
		rows = append(rows, fmt.Sprintf("  MQTT at %s: mosquitto_sub -p %s -v -t 'pioreactor/#'", s.broker, port(s.broker)))
	}
	return rows
}

func port(broker string) string { return broker[strings.LastIndex(broker, ":")+1:] }

// about is the one figure that says how a job is doing.
func (s *screen) about(job string, now time.Time) string {
	switch job {
	case "stirring":
		r, _ := actors.LatestOf[actors.StirringRate](s.sys, "")
		return fmt.Sprintf("%.0f rpm", r.RPM)
	case "od_reading":
		var texts []string
		r, _ := actors.LatestOf[actors.ODReadings](s.sys, "")
		for _, od := range r.Readings {
			texts = append(texts, fmt.Sprintf("%.4g AU at %s° (%s)", od.Value, od.Angle, od.Quality.Grade))
		}
		return strings.Join(texts, ", ")
	case "growth_rate_calculating":
		g, known := actors.LatestOf[actors.GrowthRate](s.sys, "")
		od, _ := actors.LatestOf[actors.ODFiltered](s.sys, "")
		if !known {
			return "warming up"
		}
		return fmt.Sprintf("µ = %.3f 1/h, normalized OD %.3g", g.PerH, od.Value)
	case string(actors.Dosing):
		return s.dosing(now)
	}
	return ""
}

func (s *screen) dosing(now time.Time) string {
	name, _ := actors.LatestOf[actors.SettingChanged](s.sys, string(actors.Dosing)+"/automation_name")
	vial, _ := actors.LatestOf[actors.Vial](s.sys, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("%v, %.2f mL in the vial, %d doses", name.Value, vial.VolumeML, s.doses)
	if s.doses > 0 {
		text += fmt.Sprintf(", the last of %.2f mL %v ago", s.last.MediaML+s.last.AltMediaML, now.Sub(s.last.At).Round(time.Second))
	}
	return text
}

func (s *screen) alarms() []string {
	var rows []string
	for _, f := range s.sys.Retained() {
		if a, ok := f.(actors.Alarm); ok && a.Active {
			rows = append(rows, fmt.Sprintf("  ALARM %s (%s): %s", a.Name, a.Priority, a.Text))
		}
	}
	return rows
}
