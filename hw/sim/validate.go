package sim

import (
	"errors"
	"fmt"
	"slices"
)

// Validate reports every problem at once, each naming its TOML key.
func (c Config) Validate() error {
	errs := []error{
		c.CultureConfig.validate(), c.VialConfig.validate(), c.StirringConfig.validate(),
		c.ThermalConfig.validate(), c.OpticsConfig.validate(), c.NoiseConfig.validate(),
	}
	if c.Model == "" {
		errs = append(errs, errors.New("sim: model is empty"))
	}
	for _, part := range c.Absent {
		if !slices.Contains(removable, part) {
			errs = append(errs, fmt.Errorf("sim: absent = %q: must be one of %v", part, removable))
		}
	}
	return errors.Join(errs...)
}

var removable = []string{"heater", "thermometer", "tachometer", "media", "alt_media", "waste"}

// bound is one number's allowed range, both ends included.
type bound struct {
	key      string
	value    float64
	min, max float64
}

// check joins the complaints about all bounds; NaN is outside every range.
func check(bounds ...bound) error {
	var errs []error
	for _, b := range bounds {
		if !(b.value >= b.min && b.value <= b.max) {
			errs = append(errs, fmt.Errorf("sim: %s = %v: must be %v to %v", b.key, b.value, b.min, b.max))
		}
	}
	return errors.Join(errs...)
}
