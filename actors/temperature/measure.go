package temperature

import (
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/temperature/inference"
)

// series is one cool-down.
type series struct {
	percent float64 // the heater was driven with before
	cold    bool    // it was off: any change of mind may end the measurement
	start   time.Duration
	after   []time.Duration // when the samples were taken, since start
	boardC  []float64
	asked   int    // samples asked for
	void    string // why there will be no result; the heater rests as long all the same
	poured  bool   // that is a dose, which is nobody's fault
}

// plans the next measurement after a while.
func (k *keeper) plans(c *actors.Context, after time.Duration) {
	k.due = c.Mono() + after
	c.After(after, begin{k.gen})
}

// begin starts a measurement. A gap in the heat before a cool-down would be taken
// for a colder vial; then the heater rests as usual, so that the vial gets the
// heat it is used to, and nothing is inferred.
func (k *keeper) begin(c *actors.Context, b begin) {
	if b.gen != k.gen || k.phase != heating || k.warms(c, b) {
		return
	}
	gap := k.heater.Percent > 0 && c.Mono()-k.since < steady
	k.quench(c, k.heater.Percent)
	if gap {
		k.series.void = "the heat was interrupted before it"
	}
}

// quench lets the heater rest, after it was driven with percent.
func (k *keeper) quench(c *actors.Context, percent float64) {
	k.enter(quenching)
	k.due = c.Mono() + k.plan.Every
	k.series.percent, k.series.cold = percent, percent == 0
	c.After(patience, overdue{k.gen, 0})
	if k.wanted > 0 && !k.lost {
		k.drive(c, 0)
		return
	}
	k.sampleFrom(c)
}

// sampleFrom takes the first sample now and the others in their rhythm.
func (k *keeper) sampleFrom(c *actors.Context) {
	k.phase = sampling
	k.series.start = c.Mono()
	c.After(renewal, beat{k.gen})
	if k.series.void != "" {
		c.After(k.length(), done{k.gen})
		return
	}
	k.ask(c, sample{k.gen, 0})
}

// length of a cool-down.
func (k *keeper) length() time.Duration {
	return time.Duration(k.plan.Samples-1)*inference.Spacing + reading
}

// ask asks for sample n. The rhythm is counted from the first, whatever each
// reading takes.
func (k *keeper) ask(c *actors.Context, s sample) {
	if s.gen != k.gen || k.phase != sampling || k.series.void != "" {
		return
	}
	k.series.asked = s.n + 1
	if !c.Tell("thermometer", protocol.ReadTemperature{}) {
		k.abandon(c, "the thermometer's actor is not running")
		return
	}
	c.After(patience, overdue{k.gen, s.n + 1})
}

// read takes a sample.
func (k *keeper) read(c *actors.Context, r protocol.TemperatureRead) {
	s := &k.series
	if k.phase != sampling || s.void != "" || len(s.boardC) == s.asked || r.At < s.start-time.Second {
		return
	}
	if r.Err != nil {
		k.abandon(c, r.Err.Error())
		return
	}
	// One begun just before the heater went off is as warm as one at that instant.
	s.after, s.boardC = append(s.after, max(r.At-s.start, 0)), append(s.boardC, r.TemperatureC)
	n := len(s.boardC)
	if n == k.plan.Samples || s.cold && n > 1 && math.Abs(s.boardC[n-1]-s.boardC[n-2]) <= settledC {
		k.infer(c)
		return
	}
	c.After(s.start+time.Duration(n)*inference.Spacing-c.Mono(), sample{k.gen, n})
}

// late gives up on a device that does not answer.
func (k *keeper) late(c *actors.Context, o overdue) {
	switch {
	case o.gen != k.gen:
	case k.phase == quenching:
		k.abandon(c, "the heater does not answer")
	case k.phase == sampling && k.series.void == "" && o.n > len(k.series.boardC):
		k.abandon(c, "the thermometer does not answer")
	}
}

// infer heats again before it tells anybody.
func (k *keeper) infer(c *actors.Context) {
	s := k.series
	celsius, err := k.vial(s, k.room(c))
	k.heat(c)
	if err != nil {
		k.unknown(c, err.Error())
		return
	}
	k.failed, k.poured = 0, 0
	c.Clear(alarmUnknown)
	c.PublishFor(k.experiment, actors.VialTemperature{C: math.Round(celsius*100) / 100, BoardC: s.boardC[len(s.boardC)-1], Percent: s.percent})
}

// vial is what the cool-down s says, as if each sample had come on time.
func (k *keeper) vial(s series, roomC float64) (float64, error) {
	boardC := s.boardC
	if !s.cold {
		var err error
		if boardC, err = inference.OnTime(s.after, boardC); err != nil {
			return 0, err
		}
	}
	return k.plan.Vial(s.percent, roomC, boardC)
}

// abandon gives a measurement up; the heater's rest is not cut short.
func (k *keeper) abandon(c *actors.Context, why string) {
	k.series.void = why
	left := k.series.start + k.length() - c.Mono()
	if k.phase == quenching || k.series.cold || left <= 0 {
		k.done(c, done{k.gen})
		return
	}
	c.After(left, done{k.gen})
}

// pour voids a cool-down in which liquid of another temperature flows into the
// vial: it would be taken for a vial several °C off. Doses that hit every
// cool-down must not leave the thermostat blind: after a few one counts anyway.
func (k *keeper) pour(c *actors.Context) {
	cooling := k.phase == quenching || k.phase == sampling
	if !cooling || k.series.cold || k.series.void != "" || k.poured >= mostPoured {
		return
	}
	k.poured++
	k.series.void, k.series.poured = "liquid was pumped meanwhile", true
	if k.phase == sampling {
		c.After(max(k.series.start+k.length()-c.Mono(), 0), done{k.gen})
	}
}

// done ends a measurement without a result.
func (k *keeper) done(c *actors.Context, d done) {
	if d.gen != k.gen {
		return
	}
	why, poured := k.series.void, k.series.poured
	k.heat(c)
	if !poured {
		k.unknown(c, why)
	}
}

func (k *keeper) unknown(c *actors.Context, why string) {
	k.failed++
	c.Log().Warning("The vial's temperature could not be measured: %s", why)
	if k.failed >= failures {
		c.Raise(alarmUnknown, "high", "The vial's temperature could not be measured for some time: "+why, false)
	}
}

// room is how warm the automation says it is around the unit, in °C.
func (k *keeper) room(c *actors.Context) float64 {
	s, _, _ := actors.Latest[actors.SettingChanged](c, automation+"/"+RoomSetting)
	if celsius, ok := s.Value.(float64); ok {
		return celsius
	}
	return inference.UsualRoomC
}
