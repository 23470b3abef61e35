//go:build bench

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"periph.io/x/conn/v3/i2c"

	"github.com/pioactor/pioactor/actors/od/optics"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/pioreactor"
	"github.com/pioactor/pioactor/hw/pioreactor/chip"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
	"github.com/pioactor/pioactor/hw/sim"
)

// boardsOfOD are a HAT and a vial's holder for each converter that there is.
var boardsOfOD = []struct {
	converter string
	setup     fake.Setup
}{
	{"ADS1115", fake.Setup{HAT: "1.0", Model: "pioreactor_20ml", ModelVer: "1.1"}},
	{"ADS1114", fake.Setup{HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.5"}},
	{"RP2040", fake.Setup{HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.1"}},
}

// benchOD measures when the drivers take the samples of an OD reading, on modelled
// chips in real time: how late each is against the plan, and how much later than
// it says its converter was asked, for hum is taken out by that instant. Bare is a
// loop that sleeps to the same instants and asks nobody.
func benchOD(b *table) {
	for _, load := range loads() {
		for _, kind := range boardsOfOD {
			release := load.start(b)
			ours, bare := readOD(b, kind.setup)
			release()
			what := "OD, " + kind.converter + ", " + load.name
			b.row(what+": late by", tail(ours.late), tail(bare), "median/99 %/worst")
			b.row(what+": later than it says", tail(ours.asked), "", "median/99 %/worst")
			if ours.lost > 0 {
				b.row(what+": lost", fmt.Sprintf("%d of %d readings", ours.lost, odReadings), "", "")
			}
		}
	}
}

func tail(all []time.Duration) string {
	if len(all) == 0 {
		return "no reading"
	}
	in := func(d time.Duration) float64 { return float64(d) / 1e6 }
	return fmt.Sprintf("%.2f/%.2f/%.2f ms", in(quantile(all, 0.5)), in(quantile(all, 0.99)), in(slices.Max(all)))
}

const odReadings = 6 // of 40 samples each

// timing is what was found of the samples of some readings.
type timing struct {
	late, asked []time.Duration
	lost        int // readings, each because a transaction took too long
}

// readOD takes readings as od_reading does, and lets a bare loop keep the same
// instants after each.
func readOD(b *table, s fake.Setup) (ours timing, bare []time.Duration) {
	tap, board := tappedBoard(b, s)
	channels := []int{1, 2}
	first, err := board.Photodiodes().Burst(optics.TunePlan(0), channels)
	if err != nil {
		b.t.Fatal(err)
	}
	plan := optics.ReadPlan(oneRound(first))
	for range odReadings {
		tap.forget()
		got, err := board.Photodiodes().Burst(plan, channels)
		if errors.Is(err, chip.ErrTimeout) || errors.Is(err, chip.ErrBusy) {
			ours.lost++ // under such a load modelled wires are late as well
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		start, known := tap.start(got.Samples[0])
		if !known {
			b.t.Fatal("the instants of the samples are none that the driver read off its clock")
		}
		for k, sample := range got.Samples[0] {
			ours.late = append(ours.late, sample.At-plan[k])
			ours.asked = append(ours.asked, tap.askedAfter(start+sample.At))
		}
		bare = append(bare, bareLoop(plan)...)
	}
	return ours, bare
}

// oneRound is what od_reading takes for the time of one sample of every channel:
// the shortest that was seen.
func oneRound(b hw.Burst) time.Duration {
	shortest := b.Took
	for k, s := range b.Samples[0][1:] {
		shortest = min(shortest, s.At-b.Samples[0][k].At)
	}
	return shortest
}

// bareLoop sleeps to the instants of plan.
func bareLoop(plan hw.Plan) (late []time.Duration) {
	start := time.Now()
	for _, offset := range plan {
		time.Sleep(offset - time.Since(start))
		late = append(late, time.Since(start)-offset)
	}
	return late
}

// tappedBoard is the real board on modelled chips, around a twin.
func tappedBoard(b *table, s fake.Setup) (*tap, hw.Board) {
	m, err := fake.Make(filepath.Join(b.t.TempDir(), "machine"), s)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = m.Close() }) // nothing depends on it any more
	cfg := sim.DefaultConfig()
	cfg.Model, cfg.Version = s.Model, s.ModelVer
	twin, err := sim.New(cfg, m.TwinNow)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := m.Attach(twin, fake.DefaultRoles()); err != nil {
		b.t.Fatal(err)
	}
	t := &tap{Machine: m}
	board, err := pioreactor.Open(t, m.Wiring(), pioreactor.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = board.Close() }) // and it is modelled
	return t, board
}

// tap is a machine that keeps when its clock was read, and when a transaction
// reached its bus.
type tap struct {
	machine.Machine
	mu      sync.Mutex
	read    []time.Duration
	reached []time.Duration
}

func (t *tap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read, t.reached = nil, nil
}

func (t *tap) Now() time.Duration {
	now := t.Machine.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read = append(t.read, now)
	return now
}

func (t *tap) I2C(number int) (i2c.BusCloser, error) {
	bus, err := t.Machine.I2C(number)
	return tappedBus{bus, t}, err
}

type tappedBus struct {
	i2c.BusCloser
	tap *tap
}

func (b tappedBus) Tx(address uint16, w, r []byte) error {
	now := b.tap.Machine.Now()
	b.tap.mu.Lock()
	b.tap.reached = append(b.tap.reached, now)
	b.tap.mu.Unlock()
	return b.BusCloser.Tx(address, w, r)
}

// start is when the burst began: the one instant from which every sample's falls
// on one at which the driver read its clock.
func (t *tap) start(samples []hw.Sample) (at time.Duration, known bool) {
	for _, at := range t.read {
		if !slices.ContainsFunc(samples, func(s hw.Sample) bool {
			_, read := slices.BinarySearch(t.read, at+s.At)
			return !read
		}) {
			return at, true
		}
	}
	return 0, false
}

// askedAfter is how long after at the next transaction reached the bus.
func (t *tap) askedAfter(at time.Duration) time.Duration {
	k, _ := slices.BinarySearch(t.reached, at)
	return t.reached[min(k, len(t.reached)-1)] - at
}
