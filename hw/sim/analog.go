package sim

import (
	"fmt"
	"time"
)

// view is what one photodiode is seen to see by a converter that looks again
// and again: one reading's error for as long as somebody keeps looking.
type view struct {
	scene
	changes       uint64 // of the light, when it began
	since, looked time.Duration
	valid         bool
}

// A reading by somebody else's converter is over when nobody has looked for
// the first time, and cannot last longer than the second.
const (
	viewGap  = 500 * time.Millisecond
	viewLong = 5 * time.Second
)

// Volts is the voltage at a photodiode at this instant, before any converter: it
// is not rounded to a step, and clips at 0 and at the full scale of the
// configuration. Looks at most 0.5 s apart belong to one reading, for up to 5 s,
// and share that reading's error, as the samples of a [hw.Burst] do; a reading
// also ends when an LED or a pump changes or a fault is injected or cleared. Each
// look has noise of its own.
//
// It is meant for modelled converters (hw/pioreactor/fake). It uses the same
// random numbers as Burst, so a board should be read one way or the other. A
// view is not part of a [Board.Snapshot]: a restored twin begins a new one.
func (b *Board) Volts(channel int) (volts float64, err error) { return b.VoltsAgo(channel, 0) }

// VoltsAgo is [Board.Volts] as it was some time ago, if light and liquid were
// then what they are now: what a converter has seen that measured all the while
// and is asked only now.
func (b *Board) VoltsAgo(channel int, ago time.Duration) (volts float64, err error) {
	err = b.read(func() error {
		d := b.diode(channel)
		if d == nil {
			return unknownChannel(channel)
		}
		if b.faults.adcError {
			return fmt.Errorf("sim: photodiode channel %d: no answer on the bus (fault adc_error)", channel)
		}
		v := b.look(d)
		volts = v.volts((b.at - ago - v.since).Seconds(), b.light.random)
		return nil
	})
	return volts, err
}

// look is d's view now, a new one if the last reading is over.
func (b *Board) look(d *diode) *view {
	v := &d.view
	over := b.at-v.looked > viewGap || b.at-v.since > viewLong || v.changes != b.changes
	if !v.valid || over {
		*v = view{scene: b.scene(d), changes: b.changes, since: b.at, valid: true}
		v.step = 0
	}
	v.looked = b.at
	return v
}

// disturb ends every view when an output changes that light depends on. The
// bar and the heater move too slowly to end one.
func (p *panel) disturb(index int, percent float64) {
	if index >= mediaOut && p.duty[index] != percent {
		p.changes++
	}
}
