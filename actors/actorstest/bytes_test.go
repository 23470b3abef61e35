package actorstest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// How long a fault lasts, and what is around it: readings to learn from, and
// time to recover, in which the heater waits for 5 min of plausible readings.
const (
	beforeFault = 2 * time.Minute
	duringFault = 2*time.Minute + 30*time.Second
	afterFault  = 7 * time.Minute
)

// byteFaults are all that can go wrong alone on a machine of a version.
func byteFaults(version string) (all []fake.Fault) {
	addresses := []uint16{0x2C, 0x4F}
	if version == "1.5" {
		addresses = append(addresses, 0x49, 0x4A)
	}
	for _, kind := range []fake.FaultKind{fake.NACK, fake.ShortRead, fake.StuckBus, fake.FlipRead, fake.FlipWrite} {
		for _, address := range append(addresses, 0) {
			for _, share := range []float64{1, 0.2} {
				all = append(all, fake.Fault{Kind: kind, Address: address, Value: share})
			}
		}
	}
	for _, address := range addresses {
		all = append(all, fake.Fault{Kind: fake.ChipReset, Address: address})
	}
	for _, volts := range []float64{1.3, 1.5, 1.62, 1.7, 2, 2.6} {
		all = append(all, fake.Fault{Kind: fake.Bright, Value: volts})
	}
	for _, share := range []float64{1, 0.3, 0.05} {
		all = append(all, fake.Fault{Kind: fake.LostEdges, Value: share}, fake.Fault{Kind: fake.ExtraEdges, Value: share})
	}
	for _, file := range []string{"", "duty_cycle", "enable", "pwm0/duty_cycle", "pwm1/enable"} {
		all = append(all, fake.Fault{Kind: fake.FileError, File: file}, fake.Fault{Kind: fake.FileError, File: file, Value: 0.3})
	}
	return all
}

// lightUp sets a light of the culture's that must come through.
func (h *hatHouse) lightUp(t testing.TB) {
	t.Helper()
	h.Run(2 * time.Second)
	if r := h.Do("leds", actors.SetLED{Channel: "C", Percent: 30}); !r.OK {
		t.Fatalf("LED C: %+v", r)
	}
}

// judgedHAT is a unit that has run well for long enough to be judged by.
func judgedHAT(t testing.TB, o hatOptions) (*hatHouse, *hatJudge) {
	t.Helper()
	h := openHAT(t, o)
	j := judgeHAT(h)
	h.lightUp(t)
	j.run(beforeFault)
	j.learned()
	return h, j
}

// oneByteFault lets f be true for a while and returns what was broken.
func oneByteFault(t testing.TB, o hatOptions, f fake.Fault) []string {
	t.Helper()
	h, j := judgedHAT(t, o)
	if err := h.machine.Inject(f); err != nil {
		t.Fatal(err)
	}
	before := j.active()
	j.blind = f.Value == 1 && (f.Address == 0x4F || f.Address == 0) && (f.Kind == fake.NACK || f.Kind == fake.ShortRead || f.Kind == fake.StuckBus)
	j.run(duringFault)
	if j.blind = false; f.Kind != fake.ChipReset {
		if err := h.machine.Clear(f); err != nil {
			t.Fatal(err)
		}
	}
	j.run(afterFault)
	j.settled(before)
	return j.broken
}

// eachByteFault runs every n-th fault of a version alone, from the first on.
func eachByteFault(t *testing.T, version string, seed uint64, first, n int) {
	all := byteFaults(version)
	for i := first; i < len(all); i += n {
		f := all[i]
		t.Run(fmt.Sprintf("%s/%d/%s at 0x%02x %s %v", version, seed, f.Kind, f.Address, f.File, f.Value), func(t *testing.T) {
			for _, b := range oneByteFault(t, hatOptions{version: version, seed: seed}, f) {
				t.Error(b)
			}
		})
	}
}

// randomByteFaults lets everything go wrong at a rate for an hour, then waits for
// the unit to recover, and returns what was broken.
func randomByteFaults(t testing.TB, o hatOptions, rate float64) []string {
	t.Helper()
	h, j := judgedHAT(t, o)
	if err := h.machine.Random(rate); err != nil {
		t.Fatal(err)
	}
	j.run(time.Hour)
	if err := h.machine.Random(0); err != nil {
		t.Fatal(err)
	}
	j.run(afterFault)
	j.settled(nil)
	if hits := h.machine.Hits(); len(hits) == 0 {
		t.Error("no fault has hit anything")
	}
	return j.broken
}

// byteRates are shares of transactions, edges and writes that are hit.
var byteRates = []float64{1e-4, 1e-3, 1e-2}

func TestScoredOneByteFaultAtATime(t *testing.T) {
	if actorstest.RaceEnabled {
		t.Skip("make test runs it without the race detector, which takes minutes over one goroutine")
	}
	eachByteFault(t, "1.1", 3, 0, 4)
	eachByteFault(t, "1.5", 3, 2, 9)
}

func TestScoredByteFaultsAtRandom(t *testing.T) {
	if actorstest.RaceEnabled {
		t.Skip("make test runs it without the race detector, which takes minutes over one goroutine")
	}
	for i, version := range []string{"1.1", "1.5"} {
		for _, b := range randomByteFaults(t, hatOptions{version: version, seed: uint64(11 + i)}, byteRates[2-i]) {
			t.Errorf("%s: %s", version, b)
		}
	}
}

// TestAHATIsDeterministic: one seed, one life, through every driver, with a bus
// that glitches.
func TestAHATIsDeterministic(t *testing.T) {
	for _, version := range []string{"1.1", "1.5"} {
		var hashes [3]string
		for i := range hashes {
			h := openHAT(t, hatOptions{version: version, seed: 5, hashed: true})
			if err := h.machine.Random(1e-3); err != nil {
				t.Fatal(err)
			}
			h.Run(3 * time.Minute)
			hashes[i] = h.Hash()
		}
		if hashes[0] != hashes[1] || hashes[0] != hashes[2] {
			t.Errorf("model %s: three lives with one seed: %v", version, hashes)
		}
	}
}
