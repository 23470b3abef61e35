package od

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/actors/setting"
)

// BlankName is the name and slot of the action that measures a blank.
const BlankName = "od_blank"

const (
	blankEvery = 1500 * time.Millisecond // Pioreactor 26.7.2
	// blankPatience is the time for what is no measuring: finding mains and light.
	blankPatience = 30 * time.Second
)

// Blank is the action od_blank: it measures the medium that is in the vial
// instead of the culture, with the light, the photodiodes and the first
// reference of od_reading, and gives the mean to the actor "bench".
//
// It refuses to start beside jobs that would take the medium for the culture:
// while od_reading or dosing_automation is awake. Pausing the vial is the way.
//
// Takes: all that od_reading takes; the bench's Reply.
// Sends: SetBlank to "bench"; of od_reading's facts the alarms only.
// Fails by: nothing at run time. It ends with a reason if too many readings are bad.
type Blank struct {
	Samples int `toml:"n_samples" min:"5" max:"200" help:"readings that the mean is taken of, without the 2 lowest and 2 highest"`
	Taken   int `toml:"samples_taken" set:"no" help:"readings so far"`

	table  map[string]any // of od_reading
	reader *Job
	values map[int][]float64 // AU by channel
	bad    string            // why the newest reading did not count
	asked  string            // ID of SetBlank
}

// tooLong ends a measurement that does not come to its end.
type tooLong struct{}

// NewBlank returns the action; table is the config section of od_reading, whose
// readings the blank is for.
func NewBlank(table map[string]any) *Blank {
	return &Blank{Samples: 20, table: table}
}

// Receive implements actors.Job.
func (b *Blank) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		return b.start(c)
	case tooLong:
		b.fail(c, fmt.Sprintf("only %d of %d readings could be used%s", b.Taken, b.Samples, because(b.bad)))
		return nil
	case actors.Reply:
		b.answered(c, m)
		return nil
	case actors.Stopping:
		if b.reader != nil && b.reader.missing >= failing {
			c.Clear("od_reading_failing")
		}
		return nil
	case actors.Entered:
		if m.State == actors.Sleeping {
			b.fail(c, "it was put to sleep: a blank is measured in one go")
			return nil
		}
	}
	if b.reader == nil || b.asked != "" {
		return nil
	}
	return b.reader.Receive(c, msg)
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

func (b *Blank) start(c *actors.Context) error {
	if err := beside(c); err != nil {
		return err
	}
	reader := New(Options{})
	if err := setting.DecodeTable(reader, b.table); err != nil {
		return actors.Refuse("invalid", "[od_reading] %v", err)
	}
	// The light of the readings it will be subtracted from, whoever set it.
	if light, _, _ := actors.Latest[actors.SettingChanged](c, Name+"/ir_led_intensity"); light.Value != nil {
		if err := setting.Assign(reader, "ir_led_intensity", light.Value); err != nil {
			return actors.Refuse("invalid", "%v", err)
		}
	}
	reader.Interval, reader.collect = blankEvery, b.collect
	b.reader, b.values = reader, map[int][]float64{}
	c.After(blankPatience+3*time.Duration(b.Samples)*blankEvery, tooLong{})
	return reader.Receive(c, actors.Started{})
}

// beside refuses company that would take the medium for the culture, and a
// vial that is not stirred.
func beside(c *actors.Context) error {
	for _, job := range []string{Name, string(actors.Dosing)} {
		state, _, _ := actors.Latest[actors.JobState](c, job)
		if state.State == actors.Init || state.State == actors.Ready {
			return actors.Refuse("not_paused",
				"%s is running and would take the medium for the culture; first `pioactor vial pause`, put the medium in, blank, put the culture back, `pioactor vial resume`", job)
		}
	}
	if state, _, _ := actors.Latest[actors.JobState](c, "stirring"); state.State != actors.Ready {
		return actors.Refuse("not_stirred", "nothing stirs, and a culture is read stirred; start it with `pioactor jobs start stirring`")
	}
	return nil
}

// collect takes one instant's readings, if none of them is bad: an uncertain
// one, such as clipped at zero, is what a clear medium looks like.
func (b *Blank) collect(c *actors.Context, r batch) {
	for _, reading := range r.readings {
		if reading.Quality.Grade == actors.Bad {
			b.bad = fmt.Sprintf("photodiode %d is %s", reading.Channel, reading.Quality.Reason)
			return
		}
	}
	for _, reading := range r.readings {
		b.values[reading.Channel] = append(b.values[reading.Channel], reading.Value)
	}
	if b.Taken++; b.Taken >= b.Samples && b.asked == "" {
		c.Every(0)
		b.asked = c.Ask("bench", actors.SetBlank{Experiment: c.Experiment(), Vial: b.reader.vial, Means: b.means(), Samples: b.Taken})
	}
}

// means are the trimmed means of the channels.
func (b *Blank) means() []actors.ChannelValue {
	var all []actors.ChannelValue
	for _, ch := range b.reader.channels {
		if values := b.values[ch.number]; len(values) > 0 {
			all = append(all, actors.ChannelValue{Channel: ch.number, Value: max(optics.BlankMean(values), 0)})
		}
	}
	return all
}

// answered ends the action: the blank is on the disk, or it is none.
func (b *Blank) answered(c *actors.Context, r actors.Reply) {
	switch {
	case r.ID != b.asked:
	case r.OK:
		c.End("")
	default:
		b.fail(c, r.Reason)
	}
}

// fail ends the action without a blank.
func (b *Blank) fail(c *actors.Context, why string) {
	c.Log().Warning("No blank was measured: %s.", why)
	c.End(why)
}
