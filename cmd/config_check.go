package cmd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/hw"
)

// Validate checks what no section can check alone.
func (c Config) Validate() error {
	err := errors.Join(
		wiring("pwm", c.PWM, []string{"1", "2", "3", "4", "5"}, []string{"stirring", "media", "alt_media", "waste", "heating"}),
		wiring("leds", c.LEDs, []string{"A", "B", "C", "D"}, nil),
		optics(c.Photodiodes),
		irFitted(c.LEDs),
		c.replayable(),
		c.Pioreactor.Validate(),
		c.fits(),
		c.Alarms.Declared.Validate(),
		c.Alarms.Config.Validate(),
	)
	if err != nil {
		return err
	}
	return c.startable() // only a sound unit tells what its jobs lack
}

// wiring checks a table of channel → role: no role on two channels.
func wiring(section string, table map[string]string, channels, roles []string) error {
	var errs []error
	seen := map[string]string{}
	for _, channel := range slices.Sorted(maps.Keys(table)) {
		role := table[channel]
		switch {
		case !slices.Contains(channels, channel):
			errs = append(errs, fmt.Errorf("[%s] %s: no such channel; there are %s", section, channel, strings.Join(channels, ", ")))
		case role == "":
		case roles != nil && !slices.Contains(roles, role):
			errs = append(errs, fmt.Errorf("[%s] %s: want one of %s, got %q", section, channel, strings.Join(roles, ", "), role))
		case seen[role] != "":
			errs = append(errs, fmt.Errorf("[%s] %s: %q is on channel %s already; leave one of them empty", section, channel, role, seen[role]))
		default:
			seen[role] = channel
		}
	}
	return errors.Join(errs...)
}

func optics(table map[string]string) error {
	angles := []string{"REF", "45", "90", "135", "180"}
	var errs []error
	signals, refs := 0, 0
	for _, channel := range slices.Sorted(maps.Keys(table)) {
		switch angle := table[channel]; {
		case !slices.Contains([]string{"1", "2", "3", "4"}, channel):
			errs = append(errs, fmt.Errorf("[photodiodes] %s: no such channel; there are 1, 2, 3, 4", channel))
		case angle == "":
		case !slices.Contains(angles, angle):
			errs = append(errs, fmt.Errorf("[photodiodes] %s: want one of %s, got %q", channel, strings.Join(angles, ", "), angle))
		case angle == "REF":
			refs++
		default:
			signals++
		}
	}
	if refs > 1 {
		errs = append(errs, errors.New("[photodiodes] two channels are REF; only one may be the reference"))
	}
	if signals == 0 && len(errs) == 0 {
		errs = append(errs, errors.New(`[photodiodes] no channel has an angle; give one, such as 2 = "90"`))
	}
	return errors.Join(errs...)
}

func irFitted(leds map[string]string) error {
	for _, role := range leds {
		if role == "IR" {
			return nil
		}
	}
	return errors.New(`[leds] no channel is the IR LED; give one, such as A = "IR"`)
}

func (c Config) replayable() error {
	if c.Unit.Hardware == "replay" && c.Replay.File == "" {
		return errors.New(`[replay] file: hardware = "replay" needs a recording; name a CSV of od_readings`)
	}
	return nil
}

// fits checks the volumes against the vial.
func (c Config) fits() error {
	info, err := hw.Model(c.Unit.Model, c.Unit.ModelVersion)
	if err != nil {
		return fmt.Errorf("[unit] model_version: %w", err)
	}
	return c.Bioreactor.Fits(info)
}

func (c Config) startable() error {
	if err := c.experiment().Check(); err != nil {
		section, _ := c.firstStart()
		return fmt.Errorf("[%s] %w", section, err)
	}
	return nil
}
