package hwtest

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// spinUp kicks the stirrer and lets it settle at 30 %.
func spinUp(b hw.Board, clock Clock) error {
	if err := b.Stirrer().Set(100); err != nil {
		return err
	}
	clock.Advance(500 * time.Millisecond)
	if err := b.Stirrer().Set(30); err != nil {
		return err
	}
	clock.Advance(5 * time.Second)
	return nil
}

func checkEdges(b hw.Board, clock Clock) error {
	tachometer, err := b.Tachometer()
	if errors.Is(err, hw.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := spinUp(b, clock); err != nil {
		return err
	}
	previous, err := tachometer.Edges()
	if err != nil {
		return err
	}
	start, began := previous, clock.Now()
	for range 8 {
		clock.Advance(370 * time.Millisecond)
		e, err := tachometer.Edges()
		if err != nil {
			return err
		}
		if e.Count < previous.Count || e.Last < previous.Last || e.Last > clock.Now() ||
			(e.Count == previous.Count) != (e.Last == previous.Last) {
			return fmt.Errorf("Edges() = %+v after %+v at %v", e, previous, clock.Now())
		}
		previous = e
	}
	if previous.Count == 0 {
		return errors.New("Edges(): none at 30 % after a kick")
	}
	return consistent(start, previous, clock.Now()-began)
}

// consistent compares the speed with the count over the same time: the two
// ends may each miss a turn.
func consistent(start, end hw.Edges, elapsed time.Duration) error {
	rpm := end.RPM(start)
	turned := float64(end.Count - start.Count)
	if turns := rpm * elapsed.Minutes(); math.Abs(turns-turned) > 1.5+0.05*turned {
		return fmt.Errorf("RPM() = %.1f makes %.2f turns in %v, but %v were counted", rpm, turns, elapsed, turned)
	}
	return nil
}

func checkStanding(b hw.Board, clock Clock) error {
	tachometer, err := b.Tachometer()
	if errors.Is(err, hw.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := spinUp(b, clock); err != nil {
		return err
	}
	if err := b.Stirrer().Halt(); err != nil {
		return err
	}
	clock.Advance(15 * time.Second) // any bar has stopped by then
	before, err := tachometer.Edges()
	if err != nil {
		return err
	}
	clock.Advance(2 * time.Second)
	after, err := tachometer.Edges()
	if err != nil {
		return err
	}
	if before != after || after.RPM(before) != 0 {
		return fmt.Errorf("Edges() = %+v, 2 s later %+v, with the stirrer halted", before, after)
	}
	return nil
}

func checkThermometer(b hw.Board, clock Clock) error {
	thermometer, err := b.Thermometer()
	if errors.Is(err, hw.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	for range 6 {
		c, err := thermometer.TemperatureC()
		if err != nil {
			return err
		}
		if !(c > -20 && c < 100) {
			return fmt.Errorf("TemperatureC() = %v °C", c)
		}
		clock.Advance(50 * time.Millisecond)
	}
	s := thermometer.Series(6, 50*time.Millisecond)
	if len(s.C) != 6 || s.Failed != 0 || s.Took < 0 || s.Took > time.Second {
		return fmt.Errorf("Series(6, 50 ms) = %+v", s)
	}
	for _, c := range s.C {
		if !(c > -20 && c < 100) {
			return fmt.Errorf("Series() = %v °C", s.C)
		}
	}
	return heatLimits(b.Info().Heat)
}

// heatLimits wants every board that can be heated to say how far.
func heatLimits(h hw.HeatLimits) error {
	if !(h.ReduceC > 0 && h.ReduceC <= h.DisableC && h.DisableC <= h.ShutdownC && h.ShutdownC < 200) {
		return fmt.Errorf("Info().Heat = %+v: want three ascending limits", h)
	}
	return nil
}

// checkButton: it may be pressed by whoever stands there, but a count never goes
// back, and a button that is down has been pressed.
func checkButton(b hw.Board, clock Clock) error {
	button, err := b.Button()
	if errors.Is(err, hw.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	var before hw.Presses
	for range 5 {
		p, err := button.Presses()
		if err != nil {
			return err
		}
		if p.Count < before.Count || p.Down && p.Count == 0 {
			return fmt.Errorf("Presses() = %+v after %+v", p, before)
		}
		before = p
		clock.Advance(50 * time.Millisecond)
	}
	return nil
}

func checkRail(b hw.Board, _ Clock) error {
	rail, err := b.Rail()
	if errors.Is(err, hw.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := rail.Supply()
	switch {
	case err != nil:
		return err
	case !(s.Volts >= 0 && s.Volts < 100):
		return fmt.Errorf("Supply() = %v V", s.Volts)
	case s.Sagging && !s.Known:
		return errors.New("Supply() is sagging by a flag that is not known")
	}
	return nil
}

// checkConcurrent uses every part at once, as their device actors do, while
// the supervisor halts. It finds races when run with -race.
func checkConcurrent(b hw.Board, clock Clock) error {
	const rounds = 50
	var work []func() error
	for _, out := range fitted(b) {
		percent := 0.0
		work = append(work, func() error {
			percent = math.Mod(percent+7, 100)
			return out.Set(percent)
		}, b.Halt)
	}
	work = append(work, func() error {
		_, err := b.Photodiodes().Burst(hw.Plan{0, time.Millisecond}, numbers(b))
		return err
	})
	if tachometer, err := b.Tachometer(); err == nil {
		work = append(work, func() error { _, err := tachometer.Edges(); return err })
	}
	if thermometer, err := b.Thermometer(); err == nil {
		work = append(work, func() error { _, err := thermometer.TemperatureC(); return err })
	}
	if button, err := b.Button(); err == nil {
		work = append(work, func() error { _, err := button.Presses(); return err })
	}
	if rail, err := b.Rail(); err == nil {
		work = append(work, func() error { _, err := rail.Supply(); return err })
	}
	errs := make([]error, len(work))
	var all sync.WaitGroup
	for i, job := range work {
		all.Go(func() {
			for range rounds {
				clock.Advance(10 * time.Microsecond)
				errs[i] = errors.Join(errs[i], job())
			}
		})
	}
	all.Wait()
	return errors.Join(append(errs, b.Halt(), safe(b))...)
}
