package hwtest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

func checkInfo(b hw.Board, clock Clock) error {
	first := b.Info()
	clock.Advance(time.Second)
	switch again := b.Info(); {
	case first != again:
		return fmt.Errorf("Info() = %+v, then %+v: must not change", first, again)
	case first.Model == "":
		return errors.New("Info().Model is empty")
	case !(first.MaxFillML > 0 && first.MaxFillML <= first.CapacityML):
		return fmt.Errorf("Info(): max fill %v mL of capacity %v mL", first.MaxFillML, first.CapacityML)
	}
	return nil
}

func checkChannels(b hw.Board, _ Clock) error {
	list := b.Photodiodes().Channels()
	if len(list) == 0 {
		return errors.New("Channels() is empty: every board has photodiodes")
	}
	previous := 0
	for _, d := range list {
		if d.Channel <= previous || d.Channel > 4 {
			return fmt.Errorf("Channels(): %d after %d: must ascend within 1 to 4", d.Channel, previous)
		}
		if !(d.FullScaleV > 0 && d.FullScaleV < 100) {
			return fmt.Errorf("Channels(): channel %d: full scale %v V", d.Channel, d.FullScaleV)
		}
		previous = d.Channel
	}
	if !slices.Equal(list, b.Photodiodes().Channels()) {
		return errors.New("Channels() differs between two calls")
	}
	return nil
}

// fortyInSpan is a burst as the OD job plans it.
func fortyInSpan() hw.Plan {
	plan := make(hw.Plan, 40)
	for i := range plan {
		plan[i] = time.Duration(i) * 21 * time.Millisecond
	}
	return plan
}

func checkBurst(b hw.Board, clock Clock) error {
	channels := numbers(b)
	reversed := slices.Clone(channels)
	slices.Reverse(reversed)
	for _, plan := range []hw.Plan{{}, {0}, {50 * time.Millisecond}, {0, 0, 0}, fortyInSpan()} {
		for _, asked := range [][]int{channels, reversed, channels[:1], {}} {
			before := slices.Clone(plan)
			burst, err := b.Photodiodes().Burst(plan, asked)
			if err != nil {
				return fmt.Errorf("Burst(%d entries, %v): %w", len(plan), asked, err)
			}
			if !slices.Equal(plan, before) {
				return errors.New("Burst() changed the caller's plan")
			}
			if err := shape(burst, plan, asked); err != nil {
				return fmt.Errorf("Burst(%d entries, %v): %w", len(plan), asked, err)
			}
			clock.Advance(burst.Took)
		}
	}
	return nil
}

// shape says what is wrong with a burst.
func shape(burst hw.Burst, plan hw.Plan, asked []int) error {
	if len(burst.Samples) != len(asked) {
		return fmt.Errorf("%d series, want %d", len(burst.Samples), len(asked))
	}
	if burst.Took < 0 || burst.Took > 10*time.Second {
		return fmt.Errorf("took %v", burst.Took)
	}
	for i, series := range burst.Samples {
		if len(series) != len(plan) {
			return fmt.Errorf("channel %d: %d samples, want %d", asked[i], len(series), len(plan))
		}
		previous := time.Duration(0)
		for k, s := range series {
			if s.At < plan[k] || s.At < previous || s.At > burst.Took {
				return fmt.Errorf("channel %d, sample %d at %v: planned %v, previous %v, took %v", asked[i], k, s.At, plan[k], previous, burst.Took)
			}
			if !(s.Volts >= 0) || math.IsInf(s.Volts, 0) {
				return fmt.Errorf("channel %d, sample %d: %v V", asked[i], k, s.Volts)
			}
			previous = s.At
		}
	}
	return nil
}

func checkBurstMemory(b hw.Board, clock Clock) error {
	plan, channels := fortyInSpan(), numbers(b)
	first, err := b.Photodiodes().Burst(plan, channels)
	if err != nil {
		return err
	}
	kept := make([][]hw.Sample, len(first.Samples))
	for i := range kept {
		kept[i] = slices.Clone(first.Samples[i])
	}
	for _, led := range leds(b) {
		if err := led.Set(50); err != nil {
			return err
		}
	}
	clock.Advance(time.Second)
	second, err := b.Photodiodes().Burst(plan, channels)
	if err != nil {
		return err
	}
	for i := range second.Samples { // what the second's owner does is not the first's business
		clear(second.Samples[i])
	}
	if !reflect.DeepEqual(first.Samples, kept) {
		return errors.New("a later burst changed an earlier one's samples")
	}
	return nil
}

func checkUnknownChannel(b hw.Board, _ Clock) error {
	fitted := numbers(b)
	for _, n := range []int{-1, 0, 1, 2, 3, 4, 5, 100} {
		_, err := b.Photodiodes().Burst(hw.Plan{0}, []int{n})
		if known := slices.Contains(fitted, n); known != (err == nil) {
			return fmt.Errorf("Burst(channel %d), fitted %v: error %v", n, known, err)
		}
	}
	if _, err := b.Photodiodes().Burst(hw.Plan{0}, append(fitted, 5)); err == nil {
		return errors.New("Burst() accepted an unknown channel behind known ones")
	}
	return nil
}

func numbers(b hw.Board) []int {
	var list []int
	for _, d := range b.Photodiodes().Channels() {
		list = append(list, d.Channel)
	}
	return list
}
