package sim

import (
	"errors"
	"fmt"
)

// VialConfig is the glass, the bottles and the pumps.
type VialConfig struct {
	// CapacityML is brimful, MaxFillML what nobody may exceed. Default 20 and 18 mL.
	CapacityML float64 `toml:"capacity_ml"`
	MaxFillML  float64 `toml:"max_fill_ml"`
	// VolumeML is in the vial at the start. Default 15 mL.
	VolumeML float64 `toml:"volume_ml"`
	// TrueEffluxML is the level of the efflux tube's tip: the waste pump draws
	// air below it. It may differ from what the unit was told. Default 15 mL.
	TrueEffluxML float64 `toml:"true_efflux_ml"`
	// EvaporationMLPerH is water lost; what is dissolved stays. Default 0.
	EvaporationMLPerH float64 `toml:"evaporation_ml_per_h"`
	// PumpRateMLPerS is every pump's rate at 100 %. Default 0.0911 mL/s, what
	// Pioreactor 26.7.2 assumes of a pump without calibration.
	PumpRateMLPerS float64 `toml:"pump_rate_ml_per_s"`
	// The rate factors make a pump differ from its calibration; 1 is exact.
	MediaRateFactor    float64 `toml:"media_rate_factor"`
	AltMediaRateFactor float64 `toml:"alt_media_rate_factor"`
	WasteRateFactor    float64 `toml:"waste_rate_factor"`
	// Bottles: liquid in the first two, room in the third. Default 1000 mL each.
	MediaBottleML    float64 `toml:"media_bottle_ml"`
	AltMediaBottleML float64 `toml:"alt_media_bottle_ml"`
	WasteBottleML    float64 `toml:"waste_bottle_ml"`
}

func defaultVial() VialConfig {
	return VialConfig{
		CapacityML: 20, MaxFillML: 18, VolumeML: 15, TrueEffluxML: 15,
		PumpRateMLPerS: 0.0911, MediaRateFactor: 1, AltMediaRateFactor: 1, WasteRateFactor: 1,
		MediaBottleML: 1000, AltMediaBottleML: 1000, WasteBottleML: 1000,
	}
}

func (c VialConfig) validate() error {
	err := check(
		bound{"capacity_ml", c.CapacityML, 1, 1000},
		bound{"max_fill_ml", c.MaxFillML, 0.5, 1000},
		bound{"volume_ml", c.VolumeML, 0.5, 1000},
		bound{"true_efflux_ml", c.TrueEffluxML, 0.1, 1000},
		bound{"evaporation_ml_per_h", c.EvaporationMLPerH, 0, 100},
		bound{"pump_rate_ml_per_s", c.PumpRateMLPerS, 0, 100},
		bound{"media_rate_factor", c.MediaRateFactor, 0, 10},
		bound{"alt_media_rate_factor", c.AltMediaRateFactor, 0, 10},
		bound{"waste_rate_factor", c.WasteRateFactor, 0, 10},
		bound{"media_bottle_ml", c.MediaBottleML, 0, 1e6},
		bound{"alt_media_bottle_ml", c.AltMediaBottleML, 0, 1e6},
		bound{"waste_bottle_ml", c.WasteBottleML, 0, 1e6},
	)
	return errors.Join(err, below("volume_ml", c.VolumeML, c.CapacityML),
		below("max_fill_ml", c.MaxFillML, c.CapacityML), below("true_efflux_ml", c.TrueEffluxML, c.CapacityML))
}

func below(key string, value, capacity float64) error {
	if value > capacity {
		return fmt.Errorf("sim: %s = %v: must not exceed capacity_ml = %v", key, value, capacity)
	}
	return nil
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
	drained := f.waste * seconds
	v.wasteOver += max(drained-v.wasteRoom, 0)
	v.wasteRoom = max(v.wasteRoom-drained, 0)
}
