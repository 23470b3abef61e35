package sim

import "errors"

// VialConfig is the glass, the bottles and the pumps.
type VialConfig struct {
	// CapacityML is brimful, MaxFillML what nobody may exceed. Both follow from
	// the model unless a program sets them.
	CapacityML float64 `toml:"-"`
	MaxFillML  float64 `toml:"-"`
	VolumeML   float64 `toml:"volume_ml" unit:"mL" min:"0.5" max:"1000" help:"liquid in the vial at the start"`
	// The waste pump draws air below the tip, which may differ from what the unit was told.
	TrueEffluxML      float64 `toml:"true_efflux_ml" unit:"mL" min:"0.1" max:"1000" help:"volume at which the efflux tube's tip really ends"`
	EvaporationMLPerH float64 `toml:"evaporation_ml_per_h" unit:"mL/h" min:"0" max:"100" help:"water lost; what is dissolved stays"`
	// 0.0911 mL/s is what Pioreactor 26.7.2 assumes of a pump without calibration.
	PumpRateMLPerS     float64 `toml:"pump_rate_ml_per_s" unit:"mL/s" min:"0" max:"100" help:"every pump's rate at 100 %"`
	MediaRateFactor    float64 `toml:"media_rate_factor" min:"0" max:"10" help:"the media pump's true rate over pump_rate_ml_per_s"`
	AltMediaRateFactor float64 `toml:"alt_media_rate_factor" min:"0" max:"10" help:"the alt media pump's true rate over pump_rate_ml_per_s"`
	WasteRateFactor    float64 `toml:"waste_rate_factor" min:"0" max:"10" help:"the waste pump's true rate over pump_rate_ml_per_s"`
	MediaBottleML      float64 `toml:"media_bottle_ml" unit:"mL" min:"0" max:"1e6" help:"liquid in the media bottle"`
	AltMediaBottleML   float64 `toml:"alt_media_bottle_ml" unit:"mL" min:"0" max:"1e6" help:"liquid in the alt media bottle"`
	WasteBottleML      float64 `toml:"waste_bottle_ml" unit:"mL" min:"0" max:"1e6" help:"room in the waste bottle"`
}

func defaultVial() VialConfig {
	return VialConfig{
		VolumeML: 15, TrueEffluxML: 15,
		PumpRateMLPerS: 0.0911, MediaRateFactor: 1, AltMediaRateFactor: 1, WasteRateFactor: 1,
		MediaBottleML: 1000, AltMediaBottleML: 1000, WasteBottleML: 1000,
	}
}

func (c VialConfig) validate() error {
	return errors.Join(glass(c.CapacityML, c.MaxFillML),
		below("volume_ml", c.VolumeML, c.CapacityML), below("true_efflux_ml", c.TrueEffluxML, c.CapacityML))
}

// glass checks a vial's two volumes.
func glass(capacityML, maxFillML float64) error {
	return errors.Join(check(
		bound{"capacity_ml", capacityML, 1, 1000},
		bound{"max_fill_ml", maxFillML, 0.5, 1000},
	), below("max_fill_ml", maxFillML, capacityML))
}

// vial is the liquid's level and where liquid went.
type vial struct {
	cfg       VialConfig
	volume    float64 // mL
	overflow  float64 // mL over the brim, ever
	spilled   float64 // mL pumped while the vial was away
	removed   bool
	wasteRoom float64 // mL
	wasteOver float64 // mL beyond the waste bottle's room
}

// dry is the volume below which nothing more evaporates or is sampled.
const dry = 0.1 // mL; keeps concentrations finite

// limit is the vial's share of a piece: how fast waste and brim take liquid
// at inflow f, and for how many seconds at most that stays true.
func (v *vial) limit(f flows, draw, seconds float64) (flows, float64) {
	if v.removed {
		return flows{}, seconds
	}
	if v.volume > dry {
		f.evaporation = v.cfg.EvaporationMLPerH / 3600
	}
	gain := f.in() - f.evaporation
	if v.volume > v.cfg.TrueEffluxML {
		f.waste = draw
		if draw > gain {
			seconds = min(seconds, (v.volume-v.cfg.TrueEffluxML)/(draw-gain))
		}
	} else {
		f.waste = min(draw, max(gain, 0))
	}
	rise := gain - f.waste
	switch {
	case rise > 0 && v.volume >= v.cfg.CapacityML:
		f.overflow = rise
	case rise > 0:
		seconds = min(seconds, (v.levelAbove()-v.volume)/rise)
	case rise < 0 && f.evaporation > 0 && v.volume > dry:
		seconds = min(seconds, (v.volume-dry)/-rise)
	}
	return f, seconds
}

// levelAbove is the next level at which flows change: efflux tube or brim.
func (v *vial) levelAbove() float64 {
	if v.volume < v.cfg.TrueEffluxML {
		return v.cfg.TrueEffluxML
	}
	return v.cfg.CapacityML
}

// account books a piece; afterwards a level within rounding of a mark is on it.
func (v *vial) account(m mixed, f flows, seconds float64) {
	const rounding = 1e-12 // mL; 600 times the last bit of 15 mL
	v.volume = m.volume
	for _, mark := range [...]float64{v.cfg.TrueEffluxML, v.cfg.CapacityML, dry} {
		if d := v.volume - mark; d < rounding && d > -rounding {
			v.volume = mark
		}
	}
	v.overflow += f.overflow * seconds
	if over := v.volume - v.cfg.CapacityML; over > 0 { // the shortest piece may end beyond the brim
		v.volume, v.overflow = v.cfg.CapacityML, v.overflow+over
	}
	drained := f.waste * seconds
	v.wasteOver += max(drained-v.wasteRoom, 0)
	v.wasteRoom = max(v.wasteRoom-drained, 0)
}
