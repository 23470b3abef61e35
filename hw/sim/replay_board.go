package sim

import (
	"fmt"

	"github.com/pioactor/pioactor/hw"
)

// replayFullScaleV clips nothing that a Pioreactor can have recorded: it stops at 3.2 V.
const replayFullScaleV = 10

// Info describes the recording's board.
func (r *Replay) Info() hw.Info {
	return hw.Info{
		Model: r.cfg.Model, Version: r.cfg.Version, Simulated: true,
		CapacityML: r.cfg.CapacityML, MaxFillML: r.cfg.MaxFillML,
		Heat: heatLimits(r.cfg.Model, r.cfg.Version),
	}
}

// Photodiodes are the recorded channels.
func (r *Replay) Photodiodes() hw.Photodiodes { return replayDiodes{r} }

// LED returns channel "A" to "D".
func (r *Replay) LED(channel string) (hw.Output, error) {
	i, ok := ledOutput(channel)
	if !ok {
		return nil, absent(fmt.Sprintf("LED %q", channel))
	}
	return r.handles[i], nil
}

// Stirrer turns at 500 rpm at 30 %, in proportion.
func (r *Replay) Stirrer() hw.Output { return r.handles[stirrerOut] }

// Pump returns a pump that moves nothing; see [Replay.PumpOn].
func (r *Replay) Pump(role hw.PumpRole) (hw.Output, error) {
	i, ok := pumpOutput(role)
	if !ok {
		return nil, absent(fmt.Sprintf("pump %q", string(role)))
	}
	return r.handles[i], nil
}

// Heater returns a heater that warms nothing.
func (r *Replay) Heater() (hw.Output, error) { return r.handles[heaterOut], nil }

// Thermometer is absent: od_readings hold no temperature.
func (r *Replay) Thermometer() (hw.Thermometer, error) { return nil, absent("thermometer") }

// Tachometer counts the ideal stirrer's turns.
func (r *Replay) Tachometer() (hw.Tachometer, error) { return replayTachometer{r}, nil }

// StatusLED is absent: a recording has no panel.
func (r *Replay) StatusLED() (hw.Output, error) { return nil, absent("status LED") }

// Button is absent.
func (r *Replay) Button() (hw.Button, error) { return nil, absent("button") }

// Rail is absent.
func (r *Replay) Rail() (hw.Rail, error) { return nil, absent("rail") }

// Halt makes every output 0. It never fails.
func (r *Replay) Halt() error {
	r.halt()
	return nil
}

// Close halts; afterwards only Halt, Close, Info and the counts still work.
func (r *Replay) Close() error {
	r.close()
	return nil
}

type replayDiodes struct{ r *Replay }

// Channels lists the recorded channels in ascending order.
func (d replayDiodes) Channels() []hw.Photodiode {
	var list []hw.Photodiode
	for number, track := range d.r.tracks.volts {
		if track != nil {
			list = append(list, hw.Photodiode{Channel: number, FullScaleV: d.r.tracks.fullScale(), Quiet: d.r.cfg.HumV == 0})
		}
	}
	return list
}

// Burst repeats the recorded value of now at every sample.
func (d replayDiodes) Burst(plan hw.Plan, channels []int) (burst hw.Burst, err error) {
	err = d.r.read(func() error {
		burst, err = d.r.burst(plan, channels)
		return err
	})
	return burst, err
}

type replayTachometer struct{ r *Replay }

// Edges is exact.
func (t replayTachometer) Edges() (e hw.Edges, err error) {
	err = t.r.read(func() error {
		e = t.r.stirrer.edges
		return nil
	})
	return e, err
}

var (
	_ hw.Board       = (*Replay)(nil)
	_ hw.Photodiodes = replayDiodes{}
	_ hw.Tachometer  = replayTachometer{}
)
