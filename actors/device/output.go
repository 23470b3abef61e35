package device

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// longestStir: a stirring job renews its lease every few seconds.
const longestStir = 10 * time.Minute

// outputs is an actor that drives outputs: "pumps", "stirrer", and inside "leds".
//
// Takes: protocol.Drive, Release, Hush, Unhush; actors.OwnerGone.
// Sends: protocol.Driven, Cut, Hushed; publishes protocol.PWMDuty and alarms
// "<output>_failed".
// Fails by: only a bug; its outputs go safe in the same turn. An output that
// does not obey is halted, reported and tried again.
type outputs struct {
	*bank
	pwm map[string]int // PWM channel by output
}

// newOutputs makes a fresh bank for every start, so it cannot fail: the first
// one, made with the spec, has shown that.
func outputSpec(name string, longest time.Duration, outs map[string]hw.Output, pwm map[string]int) (actors.Spec, error) {
	_, err := newBank(name, longest, outs)
	return actors.Spec{Name: name, New: func() actors.Job { return newOutputs(name, longest, outs, pwm) }}, err
}

func newOutputs(name string, longest time.Duration, outs map[string]hw.Output, pwm map[string]int) *outputs {
	bank, err := newBank(name, longest, outs)
	if err != nil {
		panic(err)
	}
	o := &outputs{bank: bank, pwm: pwm}
	bank.changed = o.show
	return o
}

func stirrerSpec(board hw.Board, cfg Config) actors.Spec {
	spec, _ := outputSpec(stirrerName, longestStir, map[string]hw.Output{protocol.Stirrer: board.Stirrer()},
		map[string]int{protocol.Stirrer: cfg.PWM["stirring"]})
	return spec
}

func pumpSpec(board hw.Board, cfg Config) (actors.Spec, error) {
	outs, pwm := map[string]hw.Output{}, map[string]int{}
	for _, role := range hw.PumpRoles {
		out, err := board.Pump(role)
		if errors.Is(err, hw.ErrAbsent) {
			continue
		}
		if err != nil {
			return actors.Spec{}, fmt.Errorf("devices: pump %s: %w", role, err)
		}
		outs[protocol.PumpOutput(role)] = out
		pwm[protocol.PumpOutput(role)] = cfg.PWM[string(role)]
	}
	return outputSpec(pumpsName, protocol.LongestRun, outs, pwm)
}

// Receive implements actors.Job.
func (o *outputs) Receive(c *actors.Context, msg any) error { return o.receive(c, msg) }

// Halt implements actors.Halter: whatever goes wrong, the outputs are safe
// before anybody hears of it. It needs no context.
func (b *bank) Halt() error {
	var errs []error
	for _, p := range b.parts {
		p.value = 0
		errs = append(errs, set(p.out, 0))
	}
	return errors.Join(errs...)
}

func (b *bank) receive(c *actors.Context, msg any) error {
	switch m := msg.(type) {
	case actors.Started:
		b.start(c)
	case protocol.Drive:
		b.ordered(c, m)
	case protocol.Release:
		b.release(c, m)
	case actors.OwnerGone:
		b.gone(c, m.Owner)
	case protocol.Hush:
		b.quieten(c, m)
	case protocol.Unhush:
		b.unhush(c, m.Tag)
	case expired:
		b.lapse(c)
	case tidied:
		b.tidy(c, m.o)
	case hushOver:
		b.over(c, m.tag)
	case rehalt:
		b.rehalt(c, m.output)
	case refresh:
		b.refresh(c)
	case actors.Stopping:
		return b.Halt()
	}
	return nil
}

// show publishes the duty of an output that has a PWM channel.
func (o *outputs) show(c *actors.Context, p *part) {
	if channel := o.pwm[p.name]; channel > 0 {
		c.Publish(protocol.PWMDuty{Channel: channel, Percent: p.value})
	}
}

var _ actors.Job = (*outputs)(nil)
