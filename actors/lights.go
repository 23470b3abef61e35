package actors

import (
	"maps"
	"slices"
	"time"
)

// A light that a job set is leased, and the host renews the lease while the job
// lives: a device that was restarted lights it again within lightRenewal.
const (
	lightLease   = 5 * time.Minute
	lightRenewal = time.Minute
)

// lights are the LEDs that a job holds, and how.
type lights struct {
	percent  map[string]float64
	renewals map[string]bool // commands of the host's own
	next     Timer
}

// renewLights is the host's own reminder.
type renewLights struct{}

// SetLED lights channel "A" to "D" with percent of full power until it is set
// again or this job fails, sleeps or stops. Until then nobody else may change
// it, dark included. A Reply tells whether the LED obeys; one that does not is
// asked again every minute.
func (c *Context) SetLED(channel string, percent float64) error {
	if c.h.state != Ready {
		return Refuse("not_ready", "%s: no light while %s", c.h.spec.Name, c.h.state)
	}
	h := c.h
	h.askLight(channel, percent)
	if h.lights.percent == nil {
		h.lights = lights{percent: map[string]float64{}, renewals: map[string]bool{}}
		h.lights.next = c.After(lightRenewal, renewLights{})
	}
	h.lights.percent[channel] = percent
	return nil
}

func (h *host) askLight(channel string, percent float64) (id string) {
	return h.c.Ask("leds", SetLED{Channel: channel, Percent: percent, For: lightLease, Source: h.source()})
}

// renewLights asks again for what the job holds.
func (h *host) renewLights() {
	for _, channel := range slices.Sorted(maps.Keys(h.lights.percent)) {
		h.lights.renewals[h.askLight(channel, h.lights.percent[channel])] = true
	}
	h.lights.next = h.c.After(lightRenewal, renewLights{})
}

// letGo forgets the lights: the devices have made them dark.
func (h *host) letGo() {
	h.lights.next.Cancel()
	h.lights = lights{}
}

// renewed reports whether r says that a renewal went well: nothing to tell.
func (h *host) renewed(r Reply) bool {
	mine := h.lights.renewals[r.ID]
	delete(h.lights.renewals, r.ID)
	return mine && r.OK
}

// source is how events name who was it, such as "dosing_automation:chemostat".
func (h *host) source() string {
	if h.spec.Automation != "" {
		return h.spec.Slot + ":" + h.spec.Automation
	}
	return h.spec.Slot
}
