package od

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// kept is what must survive a restart within an experiment: what OD is
// relative to, and the intensity that was chosen for it.
type kept struct {
	FirstV    float64 `json:"first_reference_v"`
	IRPercent float64 `json:"ir_percent"`
	Vial      uint64  `json:"vial_number,omitempty"` // where it was taken
}

// key of what is kept. The unit's own experiment has no name.
func key(experiment string) string {
	if experiment == "" {
		return "od/$unit"
	}
	return "od/" + state.Escape(experiment)
}

// start loads what the experiment began with and asks for the dark window. The
// job is in Init until it can read. One that is to sleep needs no light, and may
// start beside a blank.
func (j *Job) start(c *actors.Context) error {
	if state, _, _ := actors.Latest[actors.JobState](c, BlankName); !c.StartsAsleep() && j.collect == nil && (state.State == actors.Init || state.State == actors.Ready) {
		return actors.Refuse("busy", "od_reading: a blank is being measured, the medium would be taken for the culture; wait for od_blank, or stop it")
	}
	if err := j.twice(c); err != nil {
		return err
	}
	k, found, err := j.firstReference(c)
	if err != nil {
		return actors.Refuse("bad_state",
			"od_reading: the experiment's first reference cannot be read (%v): restore it from a backup, or start a new experiment", err)
	}
	if err := j.prepare(k); err != nil {
		return &actors.Refusal{Code: "invalid", Reason: err.Error()}
	}
	j.saved = found && !unsaved(c)
	if found && j.IRPercent == auto && k.IRPercent > 0 {
		j.IRPercent = k.IRPercent
	}
	actors.Subscribe[actors.DoseStarted](c)
	actors.Subscribe[actors.DosingEvent](c)
	actors.Subscribe[actors.Dosed](c)
	actors.Subscribe[actors.Disturbance](c)
	j.takeUp(c)
	j.tellRhythm(c)
	j.adopt(c)
	j.warnBright(c)
	if c.StartsAsleep() {
		return nil // not even a look in the dark: it begins when it is woken
	}
	c.HoldInit()
	j.open(c)
	return nil
}

// prepare makes the channels and the reference from the settings.
func (j *Job) prepare(k kept) (err error) {
	if j.channels, err = channelsOf(j.Channels); err != nil {
		return err
	}
	mode := optics.None
	for _, ch := range j.channels {
		j.numbers = append(j.numbers, ch.number)
		if ch.angle == reference {
			mode = optics.Mode(j.Reference)
		}
	}
	j.weigh()
	j.firstIR = k.IRPercent
	j.ref, err = optics.NewReference(mode, j.ReferenceEMA, k.FirstV)
	return err
}

// plan of the next burst.
func (j *Job) plan() hw.Plan {
	if j.stage == tuning {
		return optics.TunePlan(j.conversion)
	}
	if j.readPlan == nil {
		j.readPlan = optics.SamplingPlan(j.Oversampling, optics.ReadSpan, j.conversion)
	}
	return j.readPlan
}

// darkRead notes what the diodes show without light.
func (j *Job) darkRead(c *actors.Context) {
	if len(j.burst.Diodes) == len(j.channels) {
		for i := range j.channels {
			j.channels[i].Diode = j.burst.Diodes[i]
		}
	}
	for i := range j.channels {
		ch := &j.channels[i]
		blind := optics.Channel{Diode: ch.Diode}
		r := blind.Read(j.burst.Burst.Samples[i], 0)
		if r.Quality == optics.SensorError {
			j.missed(c, fmt.Sprintf("photodiode %d shows nonsense in the dark", ch.number))
			return
		}
		if j.checkLevel(c, i, r); j.tripped {
			return
		}
		if ch.DarkV = 0; j.Dark {
			ch.DarkV = r.Volts
		}
	}
	j.conversion, j.readPlan = roundOf(j.burst.Burst), nil
	j.got(c)
	j.knowMains(j.LocalACHz)
	if j.stage = tuning; j.LocalACHz == "auto" || j.IRPercent == auto {
		j.open(c)
		return
	}
	j.begin(c)
}

// roundOf is how long one conversion of every channel takes: the shortest time
// between two samples of the first.
func roundOf(b hw.Burst) time.Duration {
	shortest := b.Took
	samples := b.Samples[0]
	for k := 1; k < len(samples); k++ {
		shortest = min(shortest, samples[k].At-samples[k-1].At)
	}
	return shortest
}

func (j *Job) knowMains(setting string) {
	switch setting {
	case "50":
		j.setHum(50)
	case "60":
		j.setHum(60)
	default:
		j.setHum(optics.NoHum)
	}
}

func (j *Job) setHum(hz float64) {
	j.humHz = hz
	for i := range j.channels {
		j.channels[i].HumHz = hz
	}
}

// tuned picks the mains frequency and the IR intensity.
func (j *Job) tuned(c *actors.Context) {
	var signals, references []float64
	found := false
	for i := range j.channels {
		ch, samples := &j.channels[i], j.burst.Burst.Samples[i]
		r := ch.Read(samples, 0)
		if j.checkLevel(c, i, r); j.tripped {
			return
		}
		if ch.angle == reference {
			references = append(references, r.Volts)
			continue
		}
		signals = append(signals, r.Volts)
		if j.LocalACHz == "auto" && !found && !ch.Diode.Quiet {
			found = true
			j.detectHum(c, samples)
		}
	}
	if j.IRPercent == auto {
		j.IRPercent = optics.AutoIntensity(j.ir, signals, references)
		c.Log().Info("IR intensity is %.2f %%.", j.IRPercent)
	}
	j.got(c)
	j.begin(c)
}

func (j *Job) detectHum(c *actors.Context, samples []hw.Sample) {
	hz, err := optics.SelectHum(samples)
	if err != nil {
		c.Log().Warning("Mains frequency unknown: %v.", err)
	}
	j.setHum(hz)
	c.Log().Debug("Mains frequency is %.0f Hz.", hz)
}

// begin starts the rhythm, at once and only once.
func (j *Job) begin(c *actors.Context) {
	j.stage = reading
	if !j.began {
		j.began = true
		j.startCadence(c, c.Mono())
	}
	c.Ready()
}

// startCadence plans the first reading of a rhythm at an instant on Mono.
func (j *Job) startCadence(c *actors.Context, first time.Duration) {
	j.first = first
	j.FirstOD = float64(c.Now().Add(first-c.Mono()).UnixNano()) / 1e9
	c.EveryFrom(first, j.Interval)
	j.tellRhythm(c)
}

// tellRhythm lets others dodge the readings; there are none while the job
// sleeps or starts.
func (j *Job) tellRhythm(c *actors.Context) {
	c.Publish(actors.ODRhythm{Job: c.Name(), First: j.first, Interval: j.Interval,
		Paused: !j.began || c.State() == actors.Sleeping})
}
