package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/warthog618/go-gpiocdev"
)

// headers are the labels of the chips that the header hangs on: that of the
// Pi 5, of the Pi 4, and of all before. Their numbers change with the kernel.
var headers = []string{"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"}

const consumer = "pioactor" // shown by gpioinfo as the owner of a line

// Lines opens the header's chip.
func (c *computer) Lines() (Lines, error) {
	var seen []string
	var errs []error
	for _, name := range gpiocdev.Chips() {
		chip, err := gpiocdev.NewChip(name, gpiocdev.WithConsumer(consumer), gpiocdev.WithABIVersion(2))
		if errors.Is(err, gpiocdev.ErrNotCharacterDevice) {
			continue // the kernel's links for programs that go by number
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("/dev/%s: %w", name, err))
			continue
		}
		if slices.Contains(headers, chip.Label) {
			return &header{chip: chip, clock: c}, nil
		}
		seen = append(seen, chip.Label)
		errs = append(errs, chip.Close())
	}
	return nil, noHeader(seen, errors.Join(errs...))
}

// noHeader says what was found instead of the header, and what to do.
func noHeader(seen []string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("machine: the header's lines: %w; add this user to the group gpio (sudo usermod -aG gpio $USER) and log in again", err)
	case err != nil:
		return fmt.Errorf("machine: the header's lines: %w", err)
	}
	found := "no GPIO chip"
	if len(seen) > 0 {
		found = "only " + strings.Join(seen, ", ")
	}
	return fmt.Errorf(`machine: the header's lines: found %s, want one of %s; on a computer that is no Raspberry Pi set hardware = "sim" or "fake" under [unit]`,
		found, strings.Join(headers, ", "))
}

type header struct {
	chip  *gpiocdev.Chip
	clock Clock
}

// Close implements Lines.
func (h *header) Close() error { return h.chip.Close() }

// Output implements Lines.
func (h *header) Output(pin int, high bool) (OutputLine, error) {
	l, err := h.request(pin, gpiocdev.AsOutput(level(high)))
	if err != nil {
		return nil, err
	}
	return &output{line{l, pin}}, nil
}

// Input implements Lines.
func (h *header) Input(pin int, pull Pull, edges Edges, heard func(Edge)) (InputLine, error) {
	options := []gpiocdev.LineReqOption{gpiocdev.AsInput, bias(pull)}
	if edges != NoEdges {
		options = append(options, edge(edges), gpiocdev.WithMonotonicEventClock,
			gpiocdev.WithEventBufferSize(buffered), gpiocdev.WithEventHandler(func(e gpiocdev.LineEvent) {
				heard(Edge{At: e.Timestamp, Rising: e.Type == gpiocdev.LineEventRisingEdge, Seq: e.LineSeqno})
			}))
	}
	l, err := h.request(pin, options...)
	if err != nil {
		return nil, err
	}
	return &input{line{l, pin}}, nil
}

const (
	buffered = 64                    // edges kept by the kernel while this program is busy: 2 s at 2000 rpm
	patience = time.Second           // a line may still be held by a process that is just ending
	between  = 20 * time.Millisecond // two requests
)

// request asks for a line until it is free or patience is over.
func (h *header) request(pin int, options ...gpiocdev.LineReqOption) (*gpiocdev.Line, error) {
	l, err := retry(h.clock, func() (*gpiocdev.Line, error) { return h.chip.RequestLine(pin, options...) })
	switch {
	case errors.Is(err, syscall.EBUSY):
		return nil, fmt.Errorf("machine: GPIO%d: %w: held by another program for more than %v; gpioinfo names it: stop it, or remove its dtoverlay from /boot/firmware/config.txt", pin, err, patience)
	case err != nil:
		return nil, fmt.Errorf("machine: GPIO%d: %w", pin, err)
	}
	return l, nil
}

// retry calls ask until it no longer says EBUSY, for patience.
func retry[T any](clock Clock, ask func() (T, error)) (T, error) {
	for began := clock.Now(); ; clock.Sleep(between) {
		got, err := ask()
		if !errors.Is(err, syscall.EBUSY) || clock.Now()-began >= patience {
			return got, err
		}
	}
}

func bias(p Pull) gpiocdev.LineBias {
	switch p {
	case PullUp:
		return gpiocdev.WithPullUp
	case PullDown:
		return gpiocdev.WithPullDown
	}
	return gpiocdev.WithBiasDisabled
}

func edge(e Edges) gpiocdev.LineEdge {
	switch e {
	case Rising:
		return gpiocdev.WithRisingEdge
	case Falling:
		return gpiocdev.WithFallingEdge
	}
	return gpiocdev.WithBothEdges
}

func level(high bool) int {
	if high {
		return 1
	}
	return 0
}

type line struct {
	line *gpiocdev.Line
	pin  int
}

// Close implements OutputLine and InputLine.
func (l line) Close() error { return l.wrap(l.line.Close()) }

func (l line) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("machine: GPIO%d: %w", l.pin, err)
}

type output struct{ line }

// Set implements OutputLine.
func (o *output) Set(high bool) error { return o.wrap(o.line.line.SetValue(level(high))) }

type input struct{ line }

// High implements InputLine.
func (i *input) High() (bool, error) {
	v, err := i.line.line.Value()
	return v != 0, i.wrap(err)
}
