package hwtest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// fitted are all outputs of a board by name; parts that are absent are left out.
func fitted(b hw.Board) map[string]hw.Output {
	all := map[string]hw.Output{"stirrer": b.Stirrer()}
	maps.Copy(all, leds(b))
	if heater, err := b.Heater(); err == nil {
		all["heater"] = heater
	}
	for _, role := range hw.PumpRoles {
		if pump, err := b.Pump(role); err == nil {
			all["pump "+string(role)] = pump
		}
	}
	if light, err := b.StatusLED(); err == nil {
		all["status LED"] = light
	}
	return all
}

func leds(b hw.Board) map[string]hw.Output {
	all := map[string]hw.Output{}
	for _, channel := range []string{"A", "B", "C", "D"} {
		if led, err := b.LED(channel); err == nil {
			all["LED "+channel] = led
		}
	}
	return all
}

// driveAll sets every output to percent.
func driveAll(b hw.Board, percent float64) error {
	for name, out := range fitted(b) {
		if err := out.Set(percent); err != nil {
			return fmt.Errorf("%s: Set(%v): %w", name, percent, err)
		}
	}
	return nil
}

// safe reports an output that is not 0, as far as the board lets itself be inspected.
func safe(b hw.Board) error {
	if i, ok := b.(Inspector); ok {
		for name, percent := range i.OutputsPct() {
			if percent != 0 {
				return fmt.Errorf("%s still at %v %%", name, percent)
			}
		}
	}
	return nil
}

func checkRefusal(b hw.Board, clock Clock) error {
	if err := driveAll(b, 20); err != nil {
		return err
	}
	before := duties(b)
	lightBefore, err := brightness(b)
	if err != nil {
		return err
	}
	clock.Advance(100 * time.Millisecond)
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, -1e-9, 100.0001, 1e300}
	for name, out := range fitted(b) {
		for _, percent := range bad {
			if err := out.Set(percent); err == nil {
				return fmt.Errorf("%s: Set(%v) was accepted", name, percent)
			}
		}
	}
	if after := duties(b); !maps.Equal(before, after) {
		return fmt.Errorf("refused values changed outputs from %v to %v", before, after)
	}
	lightAfter, err := brightness(b)
	if err != nil {
		return err
	}
	return similar(lightBefore, lightAfter)
}

func duties(b hw.Board) map[string]float64 {
	if i, ok := b.(Inspector); ok {
		return i.OutputsPct()
	}
	return nil
}

// brightness is the median volts of each channel.
func brightness(b hw.Board) ([]float64, error) {
	burst, err := b.Photodiodes().Burst(fortyInSpan(), numbers(b))
	if err != nil {
		return nil, err
	}
	var list []float64
	for _, series := range burst.Samples {
		var volts []float64
		for _, s := range series {
			volts = append(volts, s.Volts)
		}
		slices.Sort(volts)
		list = append(list, volts[len(volts)/2])
	}
	return list, nil
}

// similar allows for noise, pumps and a warming LED: 20 % or 20 mV.
func similar(before, after []float64) error {
	for i := range before {
		if math.Abs(after[i]-before[i]) > 0.2*before[i]+0.02 {
			return fmt.Errorf("refused values changed the light from %v to %v V", before, after)
		}
	}
	return nil
}

func checkAccept(b hw.Board, _ Clock) error {
	for name, out := range fitted(b) {
		for _, percent := range []float64{0, 1e-9, 0.5, 99.99999, 100, 0} {
			if err := out.Set(percent); err != nil {
				return fmt.Errorf("%s: Set(%v): %w", name, percent, err)
			}
		}
	}
	return nil
}

func checkHalt(b hw.Board, clock Clock) error {
	dark, err := brightness(b)
	if err != nil {
		return err
	}
	if err := driveAll(b, 60); err != nil {
		return err
	}
	clock.Advance(time.Second)
	for range 3 {
		if err := b.Halt(); err != nil {
			return fmt.Errorf("Halt(): %w", err)
		}
		if err := safe(b); err != nil {
			return fmt.Errorf("after Halt(): %w", err)
		}
	}
	again, err := brightness(b)
	if err != nil {
		return err
	}
	for i := range dark {
		if again[i] > 1.2*dark[i]+0.005 { // 5 mV: noise and hum
			return fmt.Errorf("light after Halt() = %v V, dark before %v V", again, dark)
		}
	}
	if err := driveAll(b, 1); err != nil {
		return fmt.Errorf("after Halt() outputs must work again: %w", err)
	}
	return b.Halt()
}

func checkOutputHalt(b hw.Board, _ Clock) error {
	all := fitted(b)
	if err := driveAll(b, 10); err != nil {
		return err
	}
	left := len(all)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for range 2 {
			if err := all[name].Halt(); err != nil {
				return fmt.Errorf("%s: Halt(): %w", name, err)
			}
		}
		left--
		if on := running(b); on >= 0 && on != left {
			return fmt.Errorf("after halting %s, %d outputs run, want %d", name, on, left)
		}
	}
	return safe(b)
}

// running counts the outputs that are not 0; −1 when nobody can tell.
func running(b hw.Board) int {
	i, ok := b.(Inspector)
	if !ok {
		return -1
	}
	n := 0
	for _, percent := range i.OutputsPct() {
		if percent != 0 {
			n++
		}
	}
	return n
}

func checkAbsent(b hw.Board, _ Clock) error {
	var errs []error
	want := func(part string, fitted bool, err error, possible bool) {
		switch {
		case err == nil && !possible:
			errs = append(errs, fmt.Errorf("%s: no error, but there is no such part", part))
		case err == nil && !fitted:
			errs = append(errs, fmt.Errorf("%s: neither part nor error", part))
		case err != nil && !errors.Is(err, hw.ErrAbsent):
			errs = append(errs, fmt.Errorf("%s: error %q is not hw.ErrAbsent", part, err))
		}
	}
	for _, channel := range []string{"A", "B", "C", "D", "E", "", "a", "AB"} {
		led, err := b.LED(channel)
		want("LED "+channel, led != nil, err, len(channel) == 1 && channel <= "D")
	}
	for _, role := range append([]hw.PumpRole{"", "nonsense"}, hw.PumpRoles[:]...) {
		pump, err := b.Pump(role)
		want("pump "+string(role), pump != nil, err, slices.Contains(hw.PumpRoles[:], role))
	}
	heater, err := b.Heater()
	want("heater", heater != nil, err, true)
	thermometer, err := b.Thermometer()
	want("thermometer", thermometer != nil, err, true)
	tachometer, err := b.Tachometer()
	want("tachometer", tachometer != nil, err, true)
	light, err := b.StatusLED()
	want("status LED", light != nil, err, true)
	button, err := b.Button()
	want("button", button != nil, err, true)
	rail, err := b.Rail()
	want("rail", rail != nil, err, true)
	if b.Stirrer() == nil {
		errs = append(errs, errors.New("Stirrer() is nil: every board has one"))
	}
	return errors.Join(errs...)
}

func checkClose(b hw.Board, clock Clock) error {
	if err := driveAll(b, 20); err != nil {
		return err
	}
	clock.Advance(100 * time.Millisecond)
	if err := b.Close(); err != nil {
		return fmt.Errorf("Close(): %w", err)
	}
	if err := safe(b); err != nil {
		return fmt.Errorf("after Close(): %w", err)
	}
	if err := b.Stirrer().Set(20); err == nil {
		return errors.New("stirrer: Set(20) was accepted after Close()")
	}
	if err := b.Halt(); err != nil {
		return fmt.Errorf("Halt() after Close(): %w: it may be called at any time", err)
	}
	return nil
}
