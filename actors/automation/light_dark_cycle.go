package automation

import (
	"fmt"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// LightDarkCycle is day and night for a culture: light for a time, then dark
// for a time, and so on from its start. The instant it started is kept over
// restarts, so a power cut does not shift the phase; who stops it and starts
// it again begins with a new day.
//
// Takes: Tick, boundary; Reply of "leds". Sends: light; ChangedLedIntensity,
// ErrorOccurred when an LED refuses. Fails by: state that cannot be read.
type LightDarkCycle struct {
	LightIntensity float64       `toml:"light_intensity" unit:"%" min:"0" max:"100" set:"yes" help:"of each channel while it is light"`
	LightDuration  time.Duration `toml:"light_duration_minutes" unit:"min" min:"0" max:"525600" set:"yes" help:"of the day; 0: always dark"`
	DarkDuration   time.Duration `toml:"dark_duration_minutes" unit:"min" min:"0" max:"525600" set:"yes" help:"of the night; 0: always light"`
	Channels       []string      `toml:"channels" oneof:"A|B|C|D" help:"the LEDs; not that of the OD reading"`

	began   time.Time
	asked   float64      // of the LEDs, in percent; below 0 nothing was
	told    float64      // in the last event
	refused string       // as told
	next    actors.Timer // of the next boundary
}

// boundary is when day or night begins.
type boundary struct{}

// cycleKey is where the instant of the start is kept.
const cycleKey = "light_dark_cycle"

// NewLightDarkCycle is a cycle with the channels and defaults of Pioreactor 26.7.2.
func NewLightDarkCycle() actors.Automation {
	return &LightDarkCycle{LightIntensity: 5, LightDuration: 16 * time.Hour, DarkDuration: 8 * time.Hour, Channels: []string{"D", "C"}}
}

// Validate wants a channel, and each once.
func (l *LightDarkCycle) Validate() error {
	if n := len(slices.Compact(slices.Sorted(slices.Values(l.Channels)))); n == 0 || n < len(l.Channels) {
		return fmt.Errorf(`channels: want one or more of A, B, C, D, each once, got %v`, l.Channels)
	}
	return nil
}

// Receive implements actors.Job.
func (l *LightDarkCycle) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return l.start(c)
	case actors.Entered:
		l.asked, l.told, l.refused = -1, 0, "" // all was dark until now
		return l.shine(c)
	case actors.SettingsChanged, boundary, actors.Tick:
		return l.shine(c)
	case actors.Reply:
		l.answered(c, msg)
	case actors.Stopping:
		if msg.Asked {
			keep(c, cycleKey, time.Time{})
		}
	}
	return nil
}

func (l *LightDarkCycle) start(c *actors.Context) (err error) {
	c.Every(time.Minute) // in case somebody sets the clock
	if l.began, err = recall[time.Time](c, cycleKey); err != nil || !l.began.IsZero() {
		return err
	}
	l.began = c.Now()
	keep(c, cycleKey, l.began)
	return nil
}

// shine lights what it is time for, and comes back at the next boundary.
func (l *LightDarkCycle) shine(c *actors.Context) error {
	if c.State() != actors.Ready {
		return nil
	}
	light, left := phase(c.Now().Sub(l.began), l.LightDuration, l.DarkDuration)
	l.next.Cancel()
	if left > 0 {
		l.next = c.After(left, boundary{})
	}
	percent := 0.0
	if light {
		percent = l.LightIntensity
	}
	l.tell(c, percent)
	if percent == l.asked {
		return nil
	}
	l.asked = percent
	for _, channel := range l.Channels {
		if err := c.SetLED(channel, percent); err != nil {
			return err
		}
	}
	return nil
}

func (l *LightDarkCycle) tell(c *actors.Context, percent float64) {
	if percent == l.told {
		return
	}
	l.told = percent
	c.Event("ChangedLedIntensity", fmt.Sprintf("%.1f h: LEDs at %g %%", c.Now().Sub(l.began).Hours(), percent), nil)
}

// answered tells, once, that an LED does not obey; it is asked again every minute.
func (l *LightDarkCycle) answered(c *actors.Context, r actors.Reply) {
	if r.OK {
		return
	}
	if r.Code == l.refused {
		return
	}
	l.refused = r.Code
	c.Log().Warning("%s", r.Reason)
	c.Event("ErrorOccurred", r.Reason, nil)
}

// phase says whether it is light when elapsed has passed since the first day
// began, and how long that lasts; 0 is for ever. Before the start, cycles are
// counted backwards.
func phase(elapsed, light, dark time.Duration) (isLight bool, left time.Duration) {
	if light <= 0 || dark <= 0 {
		return light > 0, 0
	}
	cycle := light + dark
	at := elapsed % cycle
	if at < 0 {
		at += cycle
	}
	if at < light {
		return true, light - at
	}
	return false, cycle - at
}
