package device

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Config is how the board is wired, and who is told that its actors live.
type Config struct {
	// PWM is the channel, 1 to 5, of each role: stirring, media, alt_media,
	// waste, heating. From the section [pwm].
	PWM map[string]int
	// IRChannel is the LED of the OD measurement, "A" to "D"; empty for none.
	// From the section [leds].
	IRChannel string
	// Hush lists the actors that an OD window keeps quiet.
	Hush []string
	// Alive is called every second, as long as "devices" and every actor below it
	// take messages: the beat of the guard process. It must not block. Its error is
	// an alarm, guard_lost, and nothing more. nil: nobody wants to know.
	Alive func() error
}

// DefaultConfig is wiring as it comes.
func DefaultConfig() Config {
	return Config{
		PWM:       map[string]int{"stirring": 1, "media": 2, "alt_media": 3, "waste": 4, "heating": 5},
		IRChannel: "A",
		Hush:      []string{ledsName, pumpsName, stirrerName, heaterName},
	}
}

// Validate reports everything wrong with c, all at once.
func (c Config) Validate() error {
	var errs []error
	roles := []string{"stirring", "media", "alt_media", "waste", "heating"}
	taken := map[int]string{}
	for _, role := range slices.Sorted(maps.Keys(c.PWM)) {
		channel := c.PWM[role]
		switch {
		case !slices.Contains(roles, role):
			errs = append(errs, fmt.Errorf("pwm: role %.40q: want one of %v", role, roles))
		case channel < 1 || channel > 5:
			errs = append(errs, fmt.Errorf("pwm: %s: want a channel of 1 to 5, got %d", role, channel))
		case taken[channel] != "":
			errs = append(errs, fmt.Errorf("pwm: channel %d: wired to %s and to %s; want one role", channel, taken[channel], role))
		}
		taken[channel] = role
	}
	if c.IRChannel != "" && !slices.Contains(ledChannels[:], c.IRChannel) {
		errs = append(errs, fmt.Errorf("leds: IR channel %.20q: want one of %v", c.IRChannel, ledChannels))
	}
	return errors.Join(errs...)
}
