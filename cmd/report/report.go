// Package report tells what happened in a run of a unit: a [Recorder] listens
// to the unit's facts, and the [Run] it gathers becomes tables (CSV), one
// picture (SVG) and a few figures. The same run becomes the same bytes.
//
// It refuses to judge: the truth, which only a simulated vial has, stands
// beside the measurement, and an unknown value stays empty.
//
//	rec := report.NewRecorder("first run", truth)
//	system.Watch(rec.Take)
//	…
//	err := rec.Run().WriteSVG(file)
package report

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Value is a number that may be unknown.
type Value struct {
	X     float64
	Known bool
}

// Of is a known value; what is not finite is unknown.
func Of(x float64) Value {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Value{}
	}
	return Value{x, true}
}

// Truth is what a simulated vial really is.
type Truth struct {
	ODAU, MuPerH, VolumeML, TemperatureC float64
	OverflowML                           float64 // over the brim, ever
}

// Run is all that was recorded. Times are counted from Start.
type Run struct {
	Title    string
	Start    time.Time
	Length   time.Duration
	Channels []Channel // of the readings, ascending
	Rows     []Row
	Events   []Event
	Targets  []Step // of the density to hold, × the start unless TargetInAU
	WarmTo   []Step // the temperature to hold, °C
	GrowAt   []Step // the growth rate to hold, 1/h
	Lights   []Light
	// TargetInAU says that Targets count in AU of the calibrated or fused OD.
	TargetInAU bool
	// MaxFillML is what the vial may hold at most; 0 when unknown.
	MaxFillML float64
}

// Channel is one photodiode's.
type Channel struct {
	Number int
	Angle  string
}

// Row is one instant at which the OD was read.
type Row struct {
	At         time.Duration
	OD         []Value // by channel, AU
	Quality    string  // the worst grade of all channels
	Filtered   Value   // 1 when the growth job began
	GrowthPerH Value
	LedgerML   Value
	RPM        Value
	// TemperatureC is the vial's as last measured, HeaterPct what warms it now,
	// HeaterAskedPct what the automation wants between measurements.
	TemperatureC, HeaterPct, HeaterAskedPct Value
	// Target is the density to hold as the automation counts it, TargetC the
	// temperature to hold.
	Target, TargetC Value
	LEDPct          [4]Value // A to D, as set
	True            Truth
	Simulated       bool // True is known
}

// Event is something that happened.
type Event struct {
	At      time.Duration
	Kind    Kind
	Source  string // who, or the alarm's name
	Name    string // what
	Message string
	// Liquid that a dose moved, in mL.
	MediaML, AltMediaML, WasteML float64
}

// Kind groups events.
type Kind string

// The kinds of events.
const (
	Dose       Kind = "dose"
	Refused    Kind = "dose_refused"
	Alarm      Kind = "alarm" // Name is its priority, or "over"
	State      Kind = "state"
	Automation Kind = "automation"
	Setting    Kind = "setting"
	Bench      Kind = "bench" // what a person did at the vial
	Optics     Kind = "disturbance"
	Fault      Kind = "fault" // injected or taken back
)

// Step is a setting's value from an instant on.
type Step struct {
	At time.Duration
	X  Value
}

// Light is the intensity of one LED, in percent, from an instant on.
type Light struct {
	At      time.Duration
	Channel string // "A" to "D"
	Percent float64
}

// signal is the index of the channel that stands for the density: the one
// nearest to 90°, at which cells scatter in proportion.
func (r *Run) signal() int {
	order := []string{"90", "135", "45", "180"}
	best := 0
	for i, c := range r.Channels {
		if rank(order, c.Angle) < rank(order, r.Channels[best].Angle) {
			best = i
		}
	}
	return best
}

func rank(order []string, angle string) int {
	if i := slices.Index(order, angle); i >= 0 {
		return i
	}
	return len(order)
}

// scales bring the readings and the truth to the unit of the filtered OD, which
// has none of its own: the median ratios. Without a filtered OD, the readings
// are the unit.
func (r *Run) scales() (reading, truth float64) {
	main := r.signal()
	var toFiltered, fromTruth, direct []float64
	for _, row := range r.Rows {
		od := row.od(main)
		if row.Filtered.Known && od.Known && od.X > 0 {
			toFiltered = append(toFiltered, row.Filtered.X/od.X)
		}
		if row.Filtered.Known && row.Simulated && row.True.ODAU > 0 {
			fromTruth = append(fromTruth, row.Filtered.X/row.True.ODAU)
		}
		if od.Known && row.Simulated && row.True.ODAU > 0 {
			direct = append(direct, od.X/row.True.ODAU)
		}
	}
	if len(toFiltered) == 0 {
		return 1, median(direct)
	}
	return median(toFiltered), median(fromTruth)
}

func (row *Row) od(channel int) Value {
	if channel < len(row.OD) {
		return row.OD[channel]
	}
	return Value{}
}

// median of xs; 1, the scale that changes nothing, if there are none.
func median(xs []float64) float64 {
	if len(xs) == 0 {
		return 1
	}
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// sorted are the events in the order of time; those of one instant as they came.
func (r *Run) sorted() []Event {
	return slices.SortedStableFunc(slices.Values(r.Events), func(a, b Event) int { return cmp.Compare(a.At, b.At) })
}
