package dosing

import (
	"maps"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/hw"
)

// curves are the pumps' calibrations: what a run moves, and with which duty.
// The frequency of a calibration is not ours to set: the board's outputs run at
// their own.
type curves struct {
	news bool // a calibration has come or gone
	duty map[hw.PumpRole]float64
	said map[hw.PumpRole]string // what people were told, by pump
}

// adopt takes up new calibrations, between doses: one dose is measured with one.
func (v *vial) adopt(c *actors.Context) {
	if !v.curves.news || v.active != nil || v.run != nil {
		return
	}
	v.curves.news = false
	slopes, next, duty := v.cfg.slopes(), maps.Clone(v.pumps), map[hw.PumpRole]float64{}
	for role := range v.pumps {
		pump := slopes[role]
		if cal, _, ok := actors.Latest[actors.CalibrationActive](c, string(role)+"_pump"); ok && cal.Name != "" {
			pump = ledger.Pump{Curve: cal.Calibration}
			duty[role] = cal.Calibration.DutyPercent
		}
		next[role] = pump
	}
	v.pumps, v.curves.duty, v.curves.said = next, duty, map[hw.PumpRole]string{}
}

// driveFull is the duty of a pump without a calibration, in %. Pioreactor 26.7.2.
const driveFull = 100

func (v *vial) duty(role hw.PumpRole) float64 {
	if d := v.curves.duty[role]; d > 0 {
		return min(d, driveFull)
	}
	return driveFull
}

// calibrated says once what a run's volume rests on, if that is not a
// calibration made for such a run.
func (v *vial) calibrated(c *actors.Context, s step) {
	pump := v.pumps[s.pump]
	say := func(what string, log func(string, ...any), format string, args ...any) {
		if v.curves.said[s.pump] != what {
			v.curves.said[s.pump] = what
			log(format, args...)
		}
	}
	switch {
	case pump.Curve == nil:
		say("slope", c.Log().Notice, "The %s pump is not calibrated: volumes are counted with %g mL/s from [bioreactor] %s_ml_per_s.", s.pump, pump.SlopeMLPerS, s.pump)
	case pump.Outside(s.run):
		low, high := pump.Curve.Domain()
		say("outside", c.Log().Warning, "The %s pump runs for %.2f s, its calibration was made with %.2f to %.2f s: the volume is less sure.", s.pump, s.run.Seconds(), low, high)
	}
}
