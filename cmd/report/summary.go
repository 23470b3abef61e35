package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// Summary is a run in a few figures.
type Summary struct {
	Hours       float64  `json:"hours"`
	Readings    int      `json:"readings"`
	Good        int      `json:"good_readings"`
	Doses       int      `json:"doses"`
	MediaML     float64  `json:"media_ml"`
	AltMediaML  float64  `json:"alt_media_ml"`
	WasteML     float64  `json:"waste_ml"`
	Refused     int      `json:"doses_refused"`
	ODErrorPct  *float64 `json:"od_error_percent,omitempty"`
	MuErrorPerH *float64 `json:"growth_rate_error_per_h,omitempty"`
	MaxTrueML   *float64 `json:"max_true_volume_ml,omitempty"`
	OverflowML  float64  `json:"true_overflow_ml"`
	Alarms      []string `json:"alarms"` // each name once, by first appearance
	Ended       []Ended  `json:"ended"`  // jobs that are no longer there, and why
}

// Ended is a job that refused to start, ended or was given up.
type Ended struct {
	Job    string `json:"job"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// Summary works out the figures. The error of OD is the mean of |scaled reading
// − truth| over the truth, of good readings, after one scale factor for all:
// the readings are not calibrated. That of µ is the mean |estimate − truth|.
func (r *Run) Summary() Summary {
	s := Summary{Hours: r.Length.Hours(), Readings: len(r.Rows), Alarms: []string{}, Ended: []Ended{}}
	var od, mu mean
	reading, truth := r.scales()
	main := r.signal()
	top := Value{}
	for i := range r.Rows {
		row := &r.Rows[i]
		fine := row.Quality == good
		if fine {
			s.Good++
		}
		if !row.Simulated {
			continue
		}
		top, s.OverflowML = Of(max(top.X, row.True.VolumeML)), row.True.OverflowML
		if x, want := row.od(main), truth*row.True.ODAU; fine && x.Known && want > 0 {
			od.add(100 * math.Abs(reading*x.X-want) / want)
		}
		if row.GrowthPerH.Known {
			mu.add(math.Abs(row.GrowthPerH.X - row.True.MuPerH))
		}
	}
	s.ODErrorPct, s.MuErrorPerH, s.MaxTrueML = od.pointer(), mu.pointer(), top.pointer()
	for _, e := range r.Events {
		s.count(e)
	}
	return s
}

func (s *Summary) count(e Event) {
	switch {
	case e.Kind == Dose:
		if e.MediaML+e.AltMediaML > 0 {
			s.Doses++
		}
		s.MediaML, s.AltMediaML, s.WasteML = s.MediaML+e.MediaML, s.AltMediaML+e.AltMediaML, s.WasteML+e.WasteML
	case e.Kind == Refused:
		s.Refused++
	case e.Kind == Alarm && e.Name != Over && !slices.Contains(s.Alarms, e.Source):
		s.Alarms = append(s.Alarms, e.Source)
	case e.Kind == State:
		s.Ended = slices.DeleteFunc(s.Ended, func(j Ended) bool { return j.Job == e.Source })
		if e.Name == string(actors.Lost) || e.Name == string(actors.Disconnected) {
			s.Ended = append(s.Ended, Ended{e.Source, e.Name, e.Message})
		}
	}
}

// good is the grade of a reading that may be believed.
const good = actors.Good

// headline is the summary in half a line.
func (s Summary) headline() string {
	text := fmt.Sprintf("%d doses", s.Doses)
	if s.ODErrorPct != nil {
		text += fmt.Sprintf(" · mean error of OD %.2g %%", *s.ODErrorPct)
	}
	if s.MuErrorPerH != nil {
		text += fmt.Sprintf(", of growth rate %.2g 1/h", *s.MuErrorPerH)
	}
	return text
}

// String is the summary for people.
func (s Summary) String() string {
	lines := []string{
		fmt.Sprintf("%.4g h, %d readings, %d of them good", s.Hours, s.Readings, s.Good),
		fmt.Sprintf("doses: %d (media %.1f mL, alt media %.1f mL, waste %.1f mL), refused: %d", s.Doses, s.MediaML, s.AltMediaML, s.WasteML, s.Refused),
	}
	if s.ODErrorPct != nil {
		lines = append(lines, fmt.Sprintf("OD: mean error %.2g %% of the truth, after one scale factor", *s.ODErrorPct))
	}
	if s.MuErrorPerH != nil {
		lines = append(lines, fmt.Sprintf("growth rate: mean error %.2g 1/h", *s.MuErrorPerH))
	}
	if s.MaxTrueML != nil {
		lines = append(lines, fmt.Sprintf("vial: at most %.2f mL in truth, %.2g mL over the brim", *s.MaxTrueML, s.OverflowML))
	}
	lines = append(lines, "alarms: "+list(s.Alarms))
	for _, j := range s.Ended {
		lines = append(lines, strings.TrimSuffix(fmt.Sprintf("%s is %s: %s", j.Job, j.State, j.Reason), ": "))
	}
	return strings.Join(lines, "\n")
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// mean is a running mean.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(x float64) { m.sum, m.n = m.sum+x, m.n+1 }

func (m *mean) pointer() *float64 {
	if m.n == 0 {
		return nil
	}
	return Of(m.sum / float64(m.n)).pointer()
}

func (v Value) pointer() *float64 {
	if !v.Known {
		return nil
	}
	return &v.X
}
