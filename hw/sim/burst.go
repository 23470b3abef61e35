package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/hw"
)

type photodiodes struct{ b *Board }

// Channels lists the fitted channels in ascending order.
func (p photodiodes) Channels() []hw.Photodiode {
	list := make([]hw.Photodiode, len(p.b.light.channels))
	for i := range list {
		list[i] = p.b.light.channels[i].Photodiode
	}
	return list
}

// Burst samples channels round-robin at each entry of plan. The culture stands
// still during a burst; light, hum and noise do not.
func (p photodiodes) Burst(plan hw.Plan, channels []int) (burst hw.Burst, err error) {
	err = p.b.read(func() error {
		burst, err = p.b.burst(plan, channels)
		return err
	})
	return burst, err
}

func (b *Board) burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	if b.faults.adcError {
		return hw.Burst{}, errors.New("sim: photodiodes: no answer on the bus (fault adc_error)")
	}
	for _, number := range channels {
		if b.diode(number) == nil {
			return hw.Burst{}, unknownChannel(number)
		}
	}
	burst, err := timeline(plan, len(channels), inSeconds(b.cfg.ConversionS))
	if err != nil {
		return hw.Burst{}, err
	}
	for i, number := range channels {
		s := b.scene(b.diode(number))
		for k := range burst.Samples[i] {
			sample := &burst.Samples[i][k]
			sample.Volts = s.volts(float64(sample.At)/1e9, b.light.random)
		}
	}
	return burst, nil
}

func (b *Board) diode(number int) *diode {
	for i := range b.light.channels {
		if b.light.channels[i].Channel == number {
			return &b.light.channels[i]
		}
	}
	return nil
}

func unknownChannel(number int) error {
	return fmt.Errorf("sim: photodiode channel %d: %w", number, hw.ErrAbsent)
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// timeline is a burst without volts: one converter takes channels in turn, and
// starts a round at its planned offset or as soon as the last round is over.
func timeline(plan hw.Plan, channels int, conversion time.Duration) (hw.Burst, error) {
	burst := hw.Burst{Samples: make([][]hw.Sample, channels)}
	all := make([]hw.Sample, channels*len(plan))
	for i := range burst.Samples {
		burst.Samples[i], all = all[:len(plan):len(plan)], all[len(plan):]
	}
	previous := time.Duration(0)
	for k, offset := range plan {
		if offset < previous {
			return hw.Burst{}, fmt.Errorf("sim: burst: plan entry %d is %v: must ascend from 0", k, offset)
		}
		previous = offset
		burst.Took = max(burst.Took, offset)
		for i := range burst.Samples {
			burst.Samples[i][k].At = burst.Took
			burst.Took += conversion
		}
	}
	return burst, nil
}

var _ hw.Photodiodes = photodiodes{}
