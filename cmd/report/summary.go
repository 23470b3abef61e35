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
	// MuTruePerH and MuPerH are means over the run.
	MuPerH     *float64 `json:"mean_growth_rate_per_h,omitempty"`
	MuTruePerH *float64 `json:"mean_true_growth_rate_per_h,omitempty"`
	// HeldPct is the true density less the target, over the target, on average
	// since the first dose.
	HeldPct     *float64 `json:"true_od_less_target_percent,omitempty"`
	MaxTrueML   *float64 `json:"max_true_volume_ml,omitempty"`
	MaxLedgerML *float64 `json:"max_ledger_volume_ml,omitempty"`
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
	var od, mu, told, real mean
	ledger := Value{}
	reading, truth := r.scales()
	main := r.signal()
	top := Value{}
	for i := range r.Rows {
		row := &r.Rows[i]
		fine := row.Quality == good
		if fine {
			s.Good++
		}
		if row.LedgerML.Known {
			ledger = Of(max(ledger.X, row.LedgerML.X))
		}
		if row.GrowthPerH.Known {
			told.add(row.GrowthPerH.X)
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
			real.add(row.True.MuPerH)
		}
	}
	s.ODErrorPct, s.MuErrorPerH, s.MaxTrueML = od.pointer(), mu.pointer(), top.pointer()
	s.MuPerH, s.MuTruePerH, s.MaxLedgerML, s.HeldPct = told.pointer(), real.pointer(), ledger.pointer(), r.held().pointer()
	for _, e := range r.Events {
		s.count(e)
	}
	return s
}

// held is how far the true density is from the target, in percent of it.
func (r *Run) held() Value {
	since, unit := r.Length, r.unit()
	for _, e := range r.sorted() {
		if e.Kind == Dose && e.MediaML+e.AltMediaML > 0 {
			since = e.At
			break
		}
	}
	var off mean
	for i := range r.Rows {
		if row := &r.Rows[i]; row.At > since && row.Simulated && row.Target.Known && row.Target.X > 0 && unit.Known {
			off.add(100 * (row.True.ODAU*unit.X/row.Target.X - 1))
		}
	}
	if off.n == 0 {
		return Value{}
	}
	return Of(off.sum / float64(off.n))
}

// unit brings the truth to what the target counts in: to AU of a calibrated OD,
// or to multiples of the density at which the filtered OD began.
func (r *Run) unit() Value {
	if r.TargetInAU {
		return Of(1)
	}
	const first = 12 // rows; the culture has hardly grown by then
	var ratios []float64
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Filtered.Known && row.Simulated && row.True.ODAU > 0 && len(ratios) < first {
			ratios = append(ratios, row.Filtered.X/row.True.ODAU)
		}
	}
	if len(ratios) == 0 {
		return Value{}
	}
	return Of(median(ratios))
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
	if s.HeldPct != nil {
		lines = append(lines, fmt.Sprintf("density held: %+.2g %% from the target in truth, on average since the first dose", *s.HeldPct))
	}
	if s.MuErrorPerH != nil {
		lines = append(lines, fmt.Sprintf("growth rate: on average %.3g 1/h, %.3g in truth; mean error %.2g 1/h", *s.MuPerH, *s.MuTruePerH, *s.MuErrorPerH))
	}
	if s.MaxTrueML != nil {
		text := fmt.Sprintf("vial: at most %.2f mL in truth, %.2g mL over the brim", *s.MaxTrueML, s.OverflowML)
		if s.MaxLedgerML != nil {
			text += fmt.Sprintf("; %.2f mL in the ledger", *s.MaxLedgerML)
		}
		lines = append(lines, text)
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
