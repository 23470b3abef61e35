package alarm

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// consequences of the house's own alarms; * stands for any characters.
var consequences = map[string][]string{
	"board_failed":       {"stirr*", "od_*", "adc_*", "reference_*", "pump_*", "led_*", "heater_*", "temperature_*", "turbidostat_*", "growth_rate_calculating_*"},
	"stirrer_failed":     {"stirring_*"},
	"stirring_lost":      {"stirring_*"},
	"stirring_off":       {"stirring_stalled", "stirring_unmeasured"},
	"od_reading_lost":    {"od_reading_*", "adc_*", "reference_*", "turbidostat_*", "od_stale"},
	"od_reading_failing": {"reference_*", "turbidostat_*", "od_stale"},
	"adc_too_high":       {"reference_*", "turbidostat_*", "od_stale"},
	"reference_missing":  {"reference_unstable", "turbidostat_*", "od_stale"},
	"reference_unstable": {"turbidostat_*", "od_stale"},
}

// houseOwn reports whether jobs and devices raise alarms called name.
func houseOwn(name string) bool {
	_, known := consequences[name]
	for _, ending := range []string{"_lost", "_failed", "_failing", "_not_saved"} {
		known = known || strings.HasSuffix(name, ending)
	}
	return known
}

// explains reports whether an active alarm called cause is reason enough for name.
func (c Config) explains(cause, name string) bool {
	d := c[name]
	if cause == name {
		return false
	}
	if slices.Contains(d.DependsOn, cause) || d.WhileJob != "" && (cause == d.WhileJob+"_lost" || cause == d.WhileJob+"_failing") {
		return true
	}
	return slices.ContainsFunc(consequences[cause], func(pattern string) bool {
		fits, _ := path.Match(pattern, name) // the patterns are ours, and sound
		return fits
	})
}

// causes finds for each active alarm the one behind it, as far back as is
// known. What hides something is at least as urgent and still holds: nobody
// may miss a high alarm because a low one explains it.
func (c Config) causes(active map[string]actors.Alarm) map[string]string {
	names := slices.Sorted(maps.Keys(active))
	behind := map[string]string{}
	for _, name := range names {
		for _, cause := range names {
			a := active[cause]
			if !a.Over && urgency[a.Priority] <= urgency[active[name].Priority] && c.explains(cause, name) {
				behind[name] = cause
				break
			}
		}
	}
	for _, name := range names {
		for range names { // a circle, which Validate refuses, would end here
			if further, known := behind[behind[name]]; known {
				behind[name] = further
			}
		}
	}
	return behind
}
