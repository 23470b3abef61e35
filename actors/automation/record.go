package automation

import "github.com/pioactor/pioactor/actors"

// OnlyRecord measures the vial's temperature and never heats.
//
// Takes: VialTemperature. Sends: NoEvent at each measurement.
// Fails by: nothing. Refused without a thermometer.
type OnlyRecord struct{ Room }

// NewOnlyRecord is the automation in a usual room.
func NewOnlyRecord() actors.Automation { return &OnlyRecord{usualRoom} }

// Receive implements actors.Job.
func (o *OnlyRecord) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		if heater, _, known := actors.Latest[actors.Heater](c, ""); known && !heater.Fitted {
			return actors.Refuse("not_fitted", "only_record_temperature: this unit has no heater with a thermometer")
		}
	case actors.VialTemperature:
		c.Event("NoEvent", "", nil)
	}
	return nil
}
