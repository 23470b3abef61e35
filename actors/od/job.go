// Package od is the job od_reading: it asks the devices for a moment of quiet
// in the light a measurement needs, samples the photodiodes, and publishes one
// optical density for each of them, phase-locked to its first reading.
//
// It refuses to pass off as good what is not: a reading taken with a pump on,
// a stirrer off, a saturated diode or an unsteady lamp says so in its Quality,
// and where nothing was measured nothing is published.
//
//	spec := actors.Spec{Name: od.Name, Slot: od.Name, Experiment: "evolution 3",
//		New: func() actors.Job { return od.New(od.Options{Channels: map[string]string{"1": "REF", "2": "90"}}) }}
package od

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// Name is the job's name and slot.
const Name = "od_reading"

// auto is the IR intensity that stands for "choose one".
const auto = -1

// Options are what the house knows before the config file is read.
type Options struct {
	// Channels says what each photodiode, "1" to "4", looks at: "REF", "45",
	// "90", "135" or "180". Default 1 REF, 2 90. The setting channels wins.
	Channels map[string]string
}

// Job reads optical density. Its defaults are those of Pioreactor 26.7.2.
//
// Takes: Quiet and QuietEnded of the window, ADCRead of the adc; DoseStarted,
// DosingEvent, Dosed and Disturbance (bubbles; the reading before the last two
// foretells nothing); CalibrationActive and EstimatorActive.
// Sends: ODReading for each signal channel, ODReadings, RelativeIRIntensity,
// ODFused, ODRhythm; alarms od_not_calibrated, od_not_fused, od_reading_failing, reference_unstable,
// reference_missing, adc_too_high, od_reading_not_saved.
// Fails by: nothing at run time. It refuses to start with state it cannot read.
type Job struct {
	FirstOD   float64       `toml:"first_od_obs_time" unit:"s" set:"no" help:"when the first reading was due, in unix time; 0 before it"`
	IRPercent float64       `toml:"ir_led_intensity" unit:"%" above:"0" max:"100" word:"auto=-1" set:"yes" help:"brightness of the IR LED during a reading"`
	Interval  time.Duration `toml:"interval" unit:"s" min:"1" max:"3600" set:"yes" help:"between readings"`

	ReferenceEMA float64           `toml:"pd_reference_ema" min:"0" max:"0.999" help:"share of the past in the reference"`
	Smoothing    float64           `toml:"smoothing_penalizer" min:"0" max:"1000" help:"how much the reading before counts; 0 for not at all"`
	LEDsOff      bool              `toml:"turn_off_leds_during_reading" help:"darken the culture's LEDs while reading"`
	Settle       time.Duration     `toml:"settle_before_reading" unit:"s" min:"0" max:"0.9" help:"between light and first sample"`
	Dark         bool              `toml:"use_dark_offsets" help:"subtract what is read without light"`
	Reference    string            `toml:"ref_normalization" oneof:"unity|classic" help:"divide by the reference relative to its first value, or by itself"`
	LocalACHz    string            `toml:"local_ac_hz" oneof:"auto|50|60|none" help:"frequency of the mains"`
	Oversampling int               `toml:"oversampling" min:"4" max:"200" help:"samples a reading"`
	Channels     map[string]string `toml:"channels" help:"what each photodiode looks at"`
	Model        string            `toml:"model" help:"the vial; a Pioreactor XR has the angles that fusion needs"`

	run
	curves curves
	fuser  fuser
}

func init() {
	actors.Register(actors.Own, Name, func() actors.Job { return New(Options{}) })
	actors.RegisterExperimentAction(BlankName, func() actors.Job { return NewBlank(nil) })
}

// New returns the job with its default settings.
func New(o Options) *Job {
	if len(o.Channels) == 0 {
		o.Channels = map[string]string{"1": reference, "2": "90"}
	}
	return &Job{
		IRPercent: 80, Interval: 5 * time.Second, ReferenceEMA: optics.DefaultReferenceEMA, Smoothing: 3,
		LEDsOff: true, Settle: 125 * time.Millisecond, Dark: true, Reference: string(optics.Unity),
		LocalACHz: "auto", Oversampling: optics.Oversampling, Channels: maps.Clone(o.Channels),
	}
}

// reference marks the photodiode that looks at the lamp.
const reference = "REF"

var angles = []string{reference, "45", "90", "135", "180"}

// Validate implements the setting rules between fields.
func (j *Job) Validate() error {
	_, err := channelsOf(j.Channels)
	return err
}

// channel is one photodiode and what was last read at it.
type channel struct {
	optics.Channel
	number int
	angle  string
	volts  float64 // of the last usable reading; 0 for none
	near   optics.Neighbours
}

// channelsOf lists the channels in ascending order, signal and reference.
func channelsOf(wanted map[string]string) ([]channel, error) {
	var list []channel
	references := 0
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		n, err := strconv.Atoi(key)
		if err != nil || n < 1 || n > 4 || strconv.Itoa(n) != key {
			return nil, fmt.Errorf("od: channels: photodiode %q: want 1 to 4", key)
		}
		angle := wanted[key]
		if !slices.Contains(angles, angle) {
			return nil, fmt.Errorf("od: channels: photodiode %s looks at %q: want REF, 45, 90, 135 or 180", key, angle)
		}
		if angle == reference {
			references++
		}
		list = append(list, channel{number: n, angle: angle, Channel: optics.Channel{Diode: hw.Photodiode{Channel: n}}})
	}
	if references > 1 || len(list) == references {
		return nil, fmt.Errorf("od: channels: %d of %d photodiodes are REF: want at most one, and a signal", references, len(list))
	}
	return list, nil
}

// Receive implements actors.Job.
func (j *Job) Receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		return j.start(c)
	case actors.Tick:
		j.tick(c)
	case protocol.Quiet:
		j.quiet(c, m)
	case settled:
		j.sample(c, m)
	case protocol.ADCRead:
		j.sampled(c, m)
	case protocol.QuietEnded:
		j.ended(c, m)
	case overdue:
		j.overdue(c, m)
	case again:
		j.again(c)
	case actors.Saved:
		j.savedFirst(c, m)
	case actors.DoseStarted:
		j.stirredUp(c, longestDose)
	case actors.DosingEvent:
		j.stirredUp(c, actors.Settle)
	case actors.Dosed:
		j.forget()
		j.clear = 0
		j.stirredUp(c, actors.Settle)
	case actors.Disturbance:
		j.forget()
		j.stirredUp(c, actors.Settle)
	case actors.CalibrationActive:
		j.calibration(c, m)
	case actors.EstimatorActive:
		j.estimator(c, m)
	case actors.SettingsChanged:
		j.changed(c, m.Names)
	case actors.Entered:
		j.entered(c, m)
	case actors.Stopping:
		c.Publish(actors.ODRhythm{Job: c.Name()})
		j.unfused(c, "")
	}
	return nil
}

// changed follows new settings from the next reading on.
func (j *Job) changed(c *actors.Context, names []string) {
	if slices.Contains(names, "interval") && j.stage == reading {
		next := max(j.lastDue+j.Interval, c.Mono())
		j.startCadence(c, next)
	}
	j.weigh()
	if slices.Contains(names, "ir_led_intensity") {
		j.relight(c)
	}
}

// relight starts the averages anew at another brightness; the first reference
// stays, so that OD keeps its meaning.
func (j *Job) relight(c *actors.Context) {
	j.forget()
	j.ref.Relative, j.ref.Baseline, j.ref.Power = 0, 0, 0
	if j.IRPercent == auto && j.stage == reading {
		j.stage = tuning
	}
	j.warnBright(c)
}

func (j *Job) warnBright(c *actors.Context) {
	if j.IRPercent > brightLED {
		c.Log().Warning("An IR intensity of %.0f %% shortens the LED's life; %d %% or less is better.", j.IRPercent, brightLED)
	}
}

// brightLED is where ageing becomes a concern, in percent. Pioreactor 26.7.2.
const brightLED = 90

// forget drops the readings that smoothing would pull the next ones to.
func (j *Job) forget() {
	for i := range j.channels {
		j.channels[i].volts = 0
		j.channels[i].near = j.channels[i].near.Forget()
	}
}

// weigh sets how much the reading before counts.
func (j *Job) weigh() {
	share := float64(j.Oversampling) / optics.Oversampling
	for i := range j.channels {
		j.channels[i].PriorWeight = share * optics.PriorWeight(j.Smoothing, j.Interval)
	}
}
