package chip_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
)

func TestBusRetriesWhatIsNotAnswered(t *testing.T) {
	left := 2
	bus, clock := bench(t, func(_ uint16, _, r []byte) error {
		if left--; left >= 0 {
			return errNACK
		}
		r[0] = 0x42
		return nil
	})
	var r [1]byte
	if err := bus.Retry(0x48, []byte{1}, r[:]); err != nil || r[0] != 0x42 {
		t.Fatalf("Retry = 0x%02x, %v", r[0], err)
	}
	if got, want := bus.CountsAt(0x48), (chip.Counts{Transactions: 3, Errors: 2, Retries: 2}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if got, want := clock.Now(), 4500*time.Microsecond; got != want {
		t.Errorf("three attempts with pauses of 1 and 2 ms took %s, want %s", got, want)
	}
}

func TestBusGivesUpAndSaysWhere(t *testing.T) {
	bus, _ := bench(t, func(uint16, []byte, []byte) error { return errNACK })
	thermometer := made[*chip.TMP1075](t)(chip.NewTMP1075(bus, 0x4F))
	_, err := thermometer.TemperatureC()
	want := "chip: I2C1: TMP1075 at 0x4f: temperature: no answer in 3 attempts (remote I/O error); see that the HAT sits firmly, `pioactor doctor` shows who answers"
	if err == nil || err.Error() != want {
		t.Errorf("error %q,\nwant  %q", err, want)
	}
	var e *chip.Error
	if !errors.As(err, &e) || e.Address != 0x4F || !errors.Is(err, chip.ErrNoAnswer) || !errors.Is(err, errNACK) {
		t.Errorf("%#v does not carry its parts", err)
	}
}

func TestTxIsTriedOnce(t *testing.T) {
	bus, _ := bench(t, func(uint16, []byte, []byte) error { return errNACK })
	if err := bus.Tx(0x48, []byte{1}, nil); !errors.Is(err, errNACK) {
		t.Errorf("Tx = %v", err)
	}
	if got := bus.Counts().Transactions; got != 1 {
		t.Errorf("%d transactions, want 1", got)
	}
}

func TestLateAnswerIsNotUsed(t *testing.T) {
	var clock *handClock
	bus, clock := bench(t, func(_ uint16, _, r []byte) error {
		clock.Sleep(150 * time.Millisecond)
		r[0] = 7
		return nil
	})
	var r [1]byte
	if err := bus.Retry(0x48, []byte{0}, r[:]); !errors.Is(err, chip.ErrTimeout) || r[0] != 0 {
		t.Errorf("Retry = %d, %v; want 0 and ErrTimeout", r[0], err)
	}
	if got := bus.CountsAt(0x48); got.Timeouts != 1 || got.Retries != 0 {
		t.Errorf("counts %+v, want one timeout and no retry", got)
	}
	if _, _, stuck := bus.Stuck(); stuck {
		t.Error("stuck, though the transaction has come back")
	}
}

// The caller of a stuck transaction leaves with its buffers; whoever comes next
// is told since when, at its own deadline, until the wires come back.
func TestStuckBus(t *testing.T) {
	release, back := make(chan bool), make(chan bool)
	first := true
	bus, clock := bench(t, func(_ uint16, w, r []byte) error {
		if first {
			first = false
			<-release
			r[0], w[0] = 99, 99
			close(back)
			return nil
		}
		r[0] = 5
		return nil
	})
	clock.hung = true
	w, r := []byte{0}, []byte{1}
	if err := bus.Retry(0x2C, w, r); !errors.Is(err, chip.ErrTimeout) {
		t.Fatalf("first: %v, want ErrTimeout", err)
	}
	clock.hung = false
	begun := clock.Now()
	err := bus.Retry(0x4F, []byte{0}, make([]byte, 1))
	if !errors.Is(err, chip.ErrBusy) || !strings.Contains(err.Error(), "bus busy since 2") || !strings.Contains(err.Error(), "with 0x2c") {
		t.Errorf("second: %v", err)
	}
	if took := clock.Now() - begun; took != chip.DefaultConfig().Deadline {
		t.Errorf("second waited %s, want its deadline", took)
	}
	if since, with, stuck := bus.Stuck(); !stuck || with != 0x2C || since < 200*time.Millisecond {
		t.Errorf("Stuck = %s, 0x%02x, %v", since, with, stuck)
	}
	if there, err := bus.Probe(0x4F); there || !errors.Is(err, chip.ErrBusy) {
		t.Errorf("Probe of a stuck bus = %v, %v; want that nobody knows", there, err)
	}
	close(release)
	<-back
	var ok [1]byte
	for range 1000 { // the wires are back; the bus hears of it in a moment
		if err = bus.Retry(0x4F, []byte{0}, ok[:]); err == nil {
			break
		}
	}
	if err != nil || ok[0] != 5 {
		t.Errorf("after it came back: %d, %v", ok[0], err)
	}
	if w[0] != 0 || r[0] != 1 {
		t.Errorf("buffers of the caller that had left were touched: %v %v", w, r)
	}
}

func TestProbe(t *testing.T) {
	bus, _ := bench(t, func(address uint16, w, r []byte) error {
		if len(w)+len(r) != 0 {
			t.Errorf("probing wrote %v and read %d bytes", w, len(r))
		}
		if address != 0x4F {
			return errNACK
		}
		return nil
	})
	for address, want := range map[uint16]bool{0x4F: true, 0x48: false} {
		if got, err := bus.Probe(address); got != want || err != nil {
			t.Errorf("Probe(0x%02x) = %v, %v, want %v", address, got, err, want)
		}
	}
	if _, err := bus.Probe(0x80); err == nil {
		t.Error("an address of 8 bits was probed")
	}
}

func TestManyTalkAtOnce(t *testing.T) {
	onWires := 0
	bus, _ := bench(t, func(address uint16, w, r []byte) error {
		if onWires++; onWires != 1 {
			t.Error("two transactions at once")
		}
		r[0] = byte(address) ^ w[0]
		onWires--
		return nil
	})
	var all sync.WaitGroup
	for address := range uint16(8) {
		all.Go(func() {
			for k := range byte(100) {
				var r [1]byte
				// the others move this caller's clock on, so it may be late for its turn
				if err := bus.Retry(address, []byte{k}, r[:]); err == nil && r[0] != byte(address)^k || err != nil && !errors.Is(err, chip.ErrBusy) && !errors.Is(err, chip.ErrTimeout) {
					t.Errorf("answer %d, %v", r[0], err)
				}
			}
		})
	}
	all.Wait()
}

func TestConfigIsValidated(t *testing.T) {
	err := chip.Config{Deadline: 0, Retries: -1, Backoff: 2 * time.Second}.Validate()
	for _, part := range []string{"deadline 0s", "-1 retries", "backoff 2s"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v lacks %q", err, part)
		}
	}
	if err := chip.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestSamplePathDoesNotAllocate(t *testing.T) {
	clock := &handClock{}
	model := newADS(clock)
	model.volts = [4]float64{0.1, 0.1, 0.1, 0.1}
	adsBus := busOn(t, &wires{clock, model.tx}, clock)
	picoBus, _ := bench(t, func(_ uint16, w, r []byte) error {
		if len(r) == 2 {
			r[0], r[1] = 5, 0
		}
		return nil
	})
	for name, c := range map[string]chip.Converter{
		"ADS1115": made[*chip.ADS1115](t)(chip.NewADS1115(adsBus, 0x48)),
		"ADS1114": made[*chip.ADS1114](t)(chip.NewADS1114(adsBus, 0x48)),
		"RP2040":  made[*chip.Pico](t)(chip.NewPico(picoBus, 0x2C)),
	} {
		model.reset()
		read := func() {
			if _, err := c.Volts(0); err != nil {
				t.Fatal(name, err)
			}
		}
		read()
		read()
		if got := testing.AllocsPerRun(100, read); got > 0.1 { // the firmware is asked for again every 10 s
			t.Errorf("%s: %v allocations a reading, want 0", name, got)
		}
	}
}
