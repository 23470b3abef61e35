package sim

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Validate reports every problem at once, each naming its TOML key.
func (c Config) Validate() error {
	errs := []error{
		fit(c.Model, &c.CapacityML, &c.MaxFillML), declared(reflect.ValueOf(c)),
		c.VialConfig.validate(), c.StirringConfig.validate(), c.ThermalConfig.validate(), c.OpticsConfig.validate(),
	}
	for _, part := range c.Absent {
		if !slices.Contains(removable, part) {
			errs = append(errs, fmt.Errorf("sim: absent = %q: must be one of %v", part, removable))
		}
	}
	return errors.Join(errs...)
}

var removable = []string{"heater", "thermometer", "tachometer", "media", "alt_media", "waste", "hat", "status_led", "button", "rail"}

// declared checks the fields of a struct against their own tags min, max and
// oneof; both ends are allowed, and NaN is outside every range.
func declared(v reflect.Value) error {
	var errs []error
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag
		switch key := tag.Get("toml"); {
		case key == "-":
		case field.Kind() == reflect.Struct:
			errs = append(errs, declared(field))
		case field.Kind() == reflect.Float64:
			errs = append(errs, check(bound{key, field.Float(), number(tag.Get("min")), number(tag.Get("max"))}))
		case tag.Get("oneof") != "":
			if names := strings.Split(tag.Get("oneof"), "|"); !slices.Contains(names, field.String()) {
				errs = append(errs, fmt.Errorf("sim: %s = %q: must be one of %v", key, field.String(), names))
			}
		}
	}
	return errors.Join(errs...)
}

// number reads a bound; a missing one lets nothing through, so that none is forgotten.
func number(text string) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

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

func below(key string, value, capacity float64) error {
	if value > capacity {
		return fmt.Errorf("sim: %s = %v: must not exceed capacity_ml = %v", key, value, capacity)
	}
	return nil
}
