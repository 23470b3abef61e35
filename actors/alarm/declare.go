package alarm

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm/condition"
)

// Declaration is one section [alarms.NAME]: a condition on a signal, and what
// to do when it holds. One limit at least must be set.
type Declaration struct {
	Enabled    bool          `toml:"enabled" help:"false: not judged"`
	Signal     string        `toml:"signal" help:"what is watched: od, growth_rate_per_h, current_volume_ml …, or a setting such as stirring/target_rpm"`
	High       float64       `toml:"high" word:"none=-1e300" help:"alarm above it; in the signal's unit, none: not set"`
	Low        float64       `toml:"low" word:"none=-1e300" help:"alarm below it"`
	RatePerH   float64       `toml:"rate_per_h" word:"none=-1e300" help:"alarm when it rises faster, or with a negative value falls faster; per hour"`
	Over       time.Duration `toml:"rate_over_s" unit:"s" min:"10" max:"86400" help:"time over which rate_per_h is taken"`
	Deviation  float64       `toml:"deviation" min:"0" word:"none=-1e300" help:"alarm when it is further from the signal in from"`
	From       string        `toml:"from" help:"a signal or setpoint, such as stirring/target_rpm"`
	Stale      time.Duration `toml:"stale_s" unit:"s" min:"0" max:"604800" help:"alarm when there is no news for so long, 0: never; want several times the interval of the news"`
	Delay      time.Duration `toml:"delay_s" unit:"s" min:"0" max:"604800" help:"how long it must be bad"`
	ClearDelay time.Duration `toml:"clear_delay_s" unit:"s" min:"0" max:"604800" help:"how long it must be good again"`
	Hysteresis float64       `toml:"hysteresis" min:"0" help:"how far inside its limit it is good again; in the signal's unit"`
	WhileJob   string        `toml:"while_job" help:"judged only while this job is neither asleep nor stopped; empty: always"`
	Latch      bool          `toml:"latch" help:"stays until somebody acknowledges it"`
	Priority   string        `toml:"priority" oneof:"low|medium|high"`
	DependsOn  []string      `toml:"depends_on" help:"alarms that explain this one: while one is active it is hidden and not delivered"`
	Action     string        `toml:"action" oneof:"notify|pause|safe_state" help:"pause: dosing sleeps until the alarm ends; safe_state: pumps, heat and light off until you start them again"`
	Text       string        `toml:"text" help:"what it means and what to do"`
}

// Default is a declaration with everything unset.
func Default() Declaration {
	return Declaration{Enabled: true, High: condition.None, Low: condition.None, RatePerH: condition.None, Deviation: condition.None,
		Over: 10 * time.Minute, DependsOn: []string{}, Delay: time.Minute, ClearDelay: time.Minute, Priority: "medium", Action: notify}
}

// Config is the declared alarms by name.
type Config map[string]Declaration

// DefaultConfig is what every unit wants to know and no healthy one says.
func DefaultConfig() Config {
	silent := Default()
	silent.Signal, silent.Stale, silent.WhileJob, silent.Delay = "od", 15*time.Minute, "od_reading", 0
	silent.Text = "no usable OD reading: automations that need one wait; look at `pioactor logs`"
	return Config{"od_stale": silent}
}

// Actions of a declared alarm.
const (
	notify    = "notify"
	pause     = "pause"
	safeState = "safe_state"
)

var goodName = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// Validate reports all that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		for _, err := range append(c[name].problems(), checkName(name)) {
			if err != nil {
				errs = append(errs, fmt.Errorf("[alarms.%s] %w", name, err))
			}
		}
		if circle := c.circle(name, nil); circle != nil {
			errs = append(errs, fmt.Errorf("[alarms.%s] depends_on: goes round in a circle: %s; a cause cannot be its own consequence", name, strings.Join(circle, ", ")))
		}
	}
	return errors.Join(errs...)
}

func checkName(name string) error {
	if !goodName.MatchString(name) || len(name) > 64 {
		return fmt.Errorf("%.80q: want a name of lower-case words and digits joined by _, at most 64 characters", name)
	}
	if houseOwn(name) {
		return fmt.Errorf("%s: the house raises an alarm of this name itself; choose another", name)
	}
	return nil
}

func (d Declaration) problems() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if d.Signal == "" {
		wrong("signal: is missing; name what is watched, such as od")
	} else if err := actors.CheckSignal(d.Signal); err != nil {
		wrong("signal: %w", err)
	}
	if d.High == condition.None && d.Low == condition.None && d.RatePerH == condition.None && d.Deviation == condition.None && d.Stale == 0 {
		wrong("high: no limit is set; give one of high, low, rate_per_h, deviation, stale_s")
	}
	if d.High != condition.None && d.Low != condition.None && d.High-d.Low <= 2*d.Hysteresis {
		wrong("low: %v, high: %v and hysteresis: %v leave nothing good between; want high above low by more than twice the hysteresis", d.Low, d.High, d.Hysteresis)
	}
	if d.RatePerH == 0 {
		wrong("rate_per_h: 0 has no direction; want more, or less for a fall")
	}
	if (d.Deviation == condition.None) != (d.From == "") {
		wrong("from: deviation and from belong together; give both or neither")
	} else if d.From != "" {
		if err := actors.CheckSignal(d.From); err != nil {
			wrong("from: %w", err)
		}
	}
	if _, err := actors.Lookup(d.WhileJob, ""); d.WhileJob != "" && err != nil && !family(d.WhileJob) {
		wrong("while_job: %w", err)
	}
	for _, cause := range d.DependsOn {
		if !goodName.MatchString(cause) {
			wrong("depends_on: %.80q is not the name of an alarm; see `pioactor alarms`", cause)
		}
	}
	return errs
}

func family(job string) bool {
	f := actors.Family(job)
	return f == actors.Dosing || f == actors.Temperature || f == actors.LED
}

// circle follows the causes of name until it meets name again.
func (c Config) circle(name string, path []string) []string {
	if slices.Contains(path, name) {
		if path[0] == name {
			return path
		}
		return nil
	}
	for _, cause := range c[name].DependsOn {
		if found := c.circle(cause, append(slices.Clone(path), name)); found != nil {
			return found
		}
	}
	return nil
}

// rule is the condition in d.
func (d Declaration) rule() condition.Rule {
	return condition.Rule{High: d.High, Low: d.Low, RatePerH: d.RatePerH, Over: d.Over, Deviation: d.Deviation,
		Stale: d.Stale, Hysteresis: d.Hysteresis, Delay: d.Delay, ClearDelay: d.ClearDelay}
}

// text is what people read when d's condition begins.
func (d Declaration) text(why string) string {
	if d.Text == "" {
		return d.Signal + ": " + why
	}
	return d.Signal + ": " + why + ": " + d.Text
}
