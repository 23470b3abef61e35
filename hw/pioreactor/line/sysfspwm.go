package line

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// SysfsPWM is a channel of the kernel's PWM chip, which pulses its pin without
// any help: exactly, and also after this program died. See
// https://docs.kernel.org/driver-api/pwm.html.
//
// Set is for one goroutine at a time; Halt and Close for any.
type SysfsPWM struct {
	m       machine.Machine
	chip    string // folder from the machine's root on
	channel int
	period  int64 // ns

	mu      sync.Mutex
	enabled bool
	closed  bool
}

const maxHz = 100_000 // a pump's switch follows no faster; Pioreactor runs them at 250 Hz

// OpenSysfsPWM finds the chip, exports channel (0 is GPIO12, 1 is GPIO13) and
// puts it out, whatever a process that is dead by now left it doing. A folder
// just exported belongs to root until udev has seen to it: it waits up to 10 s.
// The error is [ErrNoChip] where there is no chip. hz is 0.1 to 100000.
func OpenSysfsPWM(m machine.Machine, channel int, hz float64) (*SysfsPWM, error) {
	if !(hz >= minHz && hz <= maxHz) {
		return nil, fmt.Errorf("line: PWM channel %d: %v Hz: want %v to %v Hz", channel, hz, minHz, maxHz)
	}
	chip, err := findChip(m)
	if err != nil {
		return nil, err
	}
	p := &SysfsPWM{m: m, chip: chip, channel: channel, period: int64(math.Round(float64(time.Second) / hz))}
	if err := p.prepare(udevPatience); err != nil {
		return nil, err
	}
	return p, nil
}

// Set gives percent of full power; the kernel changes the duty between periods.
// Where that fails the channel is put out.
func (p *SysfsPWM) Set(percent float64) error {
	if err := refuse(p.name(), percent); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("line: %s: closed", p.name())
	}
	duty := min(int64(math.Round(percent/100*float64(p.period))), p.period)
	if err := p.drive(duty); err != nil {
		return errors.Join(err, p.out())
	}
	return nil
}

func (p *SysfsPWM) drive(duty int64) error {
	if err := p.write("duty_cycle", duty); err != nil {
		return err
	}
	if p.enabled || duty == 0 {
		return nil
	}
	if err := p.write("enable", 1); err != nil {
		return err
	}
	p.enabled = true
	return nil
}

// Halt puts the channel out, whatever it did and whatever failed before.
func (p *SysfsPWM) Halt() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	return p.out()
}

// Close halts. The channel stays exported, so that nobody who makes the board
// safe, nor the next process, must wait for udev.
func (p *SysfsPWM) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	return p.out()
}

// out writes both of what ends the pulses, unconditionally. If either fails,
// somebody else has changed the channel: it is prepared anew, which also ends them.
func (p *SysfsPWM) out() error {
	p.enabled = false
	err := errors.Join(p.write("duty_cycle", 0), p.write("enable", 0))
	if err == nil {
		return nil
	}
	if again := p.prepare(briefPatience); again != nil {
		return errors.Join(err, again)
	}
	return nil
}

func (p *SysfsPWM) write(file string, value int64) error {
	name := path.Join(p.folder(), file)
	if err := p.m.WriteFile(name, strconv.AppendInt(nil, value, 10)); err != nil {
		return fmt.Errorf("line: %s: write %d to %s: %w%s", p.name(), value, file, err, permission(err))
	}
	return nil
}

func (p *SysfsPWM) folder() string { return path.Join(p.chip, "pwm"+strconv.Itoa(p.channel)) }

func (p *SysfsPWM) name() string {
	return fmt.Sprintf("PWM channel %d of %s", p.channel, path.Base(p.chip))
}

var _ hw.Output = (*SysfsPWM)(nil)
