package chip_test

import (
	"testing"

	"github.com/pioactor/pioactor/hw/pioreactor/chip"
)

// Exact bytes. Registers and bits: datasheets SBAS444E, SLASEQ4A, SBOS854F; the
// RP2040's are those of its firmware.

func TestADS1115Bytes(t *testing.T) {
	bus := playback(t, 0x48,
		wrote(1, 0xD1, 0x83), // start, input 1, ±6.144 V, single shot, 128/s
		asked(1, 0x51, 0x83), // under way
		asked(1, 0xD1, 0x83), // done
		asked(0, 0x14, 0xD5), // 5333
		wrote(1, 0xD5, 0x83), // 1 V: ±2.048 V from now on
		asked(1, 0xD7, 0x83), // but the chip says ±1.024 V: its configuration was lost
		wrote(1, 0xD5, 0x83), // again
		asked(1, 0xD5, 0x83), // done
		asked(0, 0x40, 0x00), // half of 2.048 V
	)
	a := made[*chip.ADS1115](t)(chip.NewADS1115(bus, 0x48))
	closeTo(t, a, 1, 5333.0/32767*6.144, 1e-12)
	closeTo(t, a, 1, 16384.0/32767*2.048, 1e-12)
	if got := bus.CountsAt(0x48).Implausible; got != 1 {
		t.Errorf("%d implausible answers counted, want 1", got)
	}
}

func TestADS1114Bytes(t *testing.T) {
	bus := playback(t, 0x49,
		asked(1, 0x85, 0x83), // as after power-up
		wrote(1, 0x00, 0x83), // ±6.144 V, continuous, 128/s, no comparator
		asked(1, 0x00, 0x83),
		asked(0, 0x02, 0x15), // 533: 0.1 V
		wrote(1, 0x0A, 0x83), // ±0.256 V from now on
		asked(1, 0x0A, 0x83),
		asked(0, 0x32, 0x00), // 12800
		asked(0, 0x00, 0x00), // as if it had lost power
		asked(1, 0x85, 0x83), // it has
		wrote(1, 0x0A, 0x83),
		asked(1, 0x0A, 0x83),
		asked(0, 0x32, 0x01),
	)
	a := made[*chip.ADS1114](t)(chip.NewADS1114(bus, 0x49))
	closeTo(t, a, 0, 533.0/32767*6.144, 1e-12)
	closeTo(t, a, 0, 12800.0/32767*0.256, 1e-12)
	closeTo(t, a, 0, 12801.0/32767*0.256, 1e-12)
}

func TestPicoBytes(t *testing.T) {
	bus := playback(t, 0x2C,
		asked(8, 5, 0), asked(8, 5, 0), // firmware 0.5, minor first
		asked(6, 0x34, 0x12), // low byte first
		asked(7, 0xFF, 0xFF), // once is a slip
		asked(7, 0x00, 0x10),
		wrote(0, 204), // LED A
		wrote(3, 0), wrote(3, 0),
		wrote(0, 0), wrote(0, 0), wrote(1, 0), wrote(1, 0), wrote(2, 0), wrote(2, 0), wrote(3, 0), wrote(3, 0),
	)
	p := made[*chip.Pico](t)(chip.NewPico(bus, 0x2C))
	closeTo(t, p, 2, 0x1234*3.3/4095/32, 1e-12)
	closeTo(t, p, 3, 0x1000*3.3/4095/32, 1e-12)
	must(t, p.Set(0, 80))
	must(t, p.Set(3, 0))
	must(t, p.Halt())
}

func TestPicoScaleFollowsFirmware(t *testing.T) {
	for name, c := range map[string]struct {
		minor, major byte
		times, full  float64
		version      string
	}{
		"0.3": {3, 0, 16, 3.25, "0.3"},
		"0.4": {4, 0, 32, 1.55, "0.4"},
		"1.0": {0, 1, 32, 1.55, "1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			version := asked(8, c.minor, c.major)
			p := made[*chip.Pico](t)(chip.NewPico(playback(t, 0x2C, version, version, asked(4, 0, 0x20), asked(4, 0xFE, 0xFF)), 0x2C))
			got, err := p.Firmware()
			if err != nil || got != c.version || p.FullScaleV() != c.full {
				t.Fatalf("firmware %q, %v, full scale %v V; want %q and %v V", got, err, p.FullScaleV(), c.version, c.full)
			}
			closeTo(t, p, 0, 0x2000*3.3/4095/c.times, 1e-12)
			closeTo(t, p, 0, c.full, 0)
		})
	}
}

func TestDAC43608Bytes(t *testing.T) {
	bus := playback(t, 0x49,
		wrote(9, 0x08, 0x00),                       // B at 50 %: 128 << 4, before power
		asked(1, 0x01, 0xFF), asked(1, 0x01, 0xFF), // all off
		wrote(1, 0x00, 0xFD), asked(1, 0x00, 0xFD), // B on, nothing else
		wrote(8, 0x0F, 0xF0),                       // A at 100 %
		asked(1, 0x00, 0xFD), asked(1, 0x00, 0xFD), //
		wrote(1, 0x00, 0xFC), asked(1, 0x00, 0xFC), // B stays on
		wrote(9, 0, 0),                             // B off: value first
		asked(1, 0x00, 0xFC), asked(1, 0x00, 0xFC), //
		wrote(1, 0x00, 0xFE), asked(1, 0x00, 0xFE), // A stays on
		wrote(1, 0x01, 0xFF), // Halt asks nothing first
		wrote(8, 0, 0), wrote(9, 0, 0), wrote(10, 0, 0), wrote(11, 0, 0),
		asked(1, 0x01, 0xFF),
	)
	d := made[*chip.DAC43608](t)(chip.NewDAC43608(bus, 0x49))
	must(t, d.Set(1, 50))
	must(t, d.Set(0, 100))
	must(t, d.Set(1, 0))
	must(t, d.Halt())
}

func TestTMP1075Bytes(t *testing.T) {
	for name, c := range map[string]struct { // datasheet table 7-1
		high, low byte
		c         float64
	}{
		"100":     {0x64, 0x00, 100},
		"0.0625":  {0x00, 0x10, 0.0625},
		"-0.0625": {0xFF, 0xF0, -0.0625},
		"-25":     {0xE7, 0x00, -25},
		"-50":     {0xCE, 0x00, -50},
	} {
		t.Run(name, func(t *testing.T) {
			reading := asked(0, c.high, c.low)
			d := made[*chip.TMP1075](t)(chip.NewTMP1075(playback(t, 0x4F, reading, reading), 0x4F))
			if got, err := d.TemperatureC(); err != nil || got != c.c {
				t.Errorf("%v °C, %v, want %v °C", got, err, c.c)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// closeTo measures a channel and compares.
func closeTo(t *testing.T, c chip.Converter, channel int, want, tolerance float64) {
	t.Helper()
	got, err := c.Volts(channel)
	if err != nil || !(got >= want-tolerance && got <= want+tolerance) {
		t.Errorf("input %d: %v V, %v; want %v V ± %v", channel, got, err, want, tolerance)
	}
}
