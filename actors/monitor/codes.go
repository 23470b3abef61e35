package monitor

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
)

// codes is what the status LED blinks for an alarm. The numbers are those of
// Pioreactor 26.7.2, error_codes.py; its code 8, web server offline, has no
// alarm here: the API lives and dies with the unit.
var codes = map[string]int{
	alarmNetwork:              1,
	"mqtt_unreachable":        2,
	alarmDisk:                 3,
	"stirring_stalled":        4,
	"stirring_off":            4,
	"stirring_lost":           4,
	"adc_too_high":            5,
	alarmHot:                  6,
	alarmBoard:                6,
	"heater_over_temperature": 6,
	alarmVoltage:              7,
}

// raised are the codes of the alarms that are on and that nobody has taken note of.
func raised(latest func(name string) (actors.Alarm, bool)) (set protocol.Codes) {
	for name, code := range codes {
		if a, known := latest(name); known && a.Active && !a.Acked {
			set[code] = true
		}
	}
	return set
}

// show tells the status LED what to blink. It is told again every minute: it
// may have been restarted meanwhile.
func (m *Monitor) show(c *actors.Context) {
	c.Tell("statusled", protocol.ShowCodes{Codes: raised(func(name string) (actors.Alarm, bool) {
		a, _, known := actors.Latest[actors.Alarm](c, name)
		return a, known
	})})
}
