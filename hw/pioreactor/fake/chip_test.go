package fake

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw/sim"
)

// lit is REF's voltage at a share of the IR light, of a quiet twin.
func lit(share float64) float64 { return 0.002 + 0.25*share }

// An ADS1114 in continuous mode, as Pioreactor 26.7.2 uses it: config 0x0A83 is
// gain 16, 0x0283 gain 1, 128 conversions a second.
func TestADS1114Converts(t *testing.T) {
	r := virtual(t, Setup{Model: "pioreactor_20ml", ModelVer: "1.5"}, quiet)
	if got := r.tx(0x49, []byte{1}, 2); !bytes.Equal(got, []byte{0x85, 0x83}) {
		t.Errorf("config after power-up = % x, want 85 83", got)
	}
	r.tx(0x2C, []byte{0, 204}, 0) // LED A at 80 %
	r.tx(0x49, []byte{1, 0x0A, 0x83}, 0)
	if got := r.tx(0x49, []byte{0}, 2); !bytes.Equal(got, []byte{0, 0}) {
		t.Errorf("before the first conversion is over: % x, want what was there, 00 00", got)
	}
	r.clock.Advance(10 * time.Millisecond) // 1/128 s and 10 % more are over
	got := r.tx(0x49, nil, 2)
	near(t, "REF at gain 16", volts(got, 0.256), lit(0.8), 0.256/32768)
	r.tx(0x2C, []byte{0, 255}, 0)
	r.clock.Advance(10 * time.Millisecond)
	near(t, "REF in full light at gain 16", volts(r.tx(0x49, nil, 2), 0.256), lit(1), 0.256/32768)
	r.tx(0x49, []byte{1, 0x02, 0x83}, 0)
	stale := r.tx(0x49, []byte{0}, 2)
	near(t, "just after a change of gain, the old register", volts(stale, 0.256), lit(1), 0.256/32768)
	r.clock.Advance(10 * time.Millisecond)
	near(t, "REF at gain 1", volts(r.tx(0x49, nil, 2), 4.096), lit(1), 4.096/32768)
}

func volts(b []byte, full float64) float64 {
	return float64(int16(uint16(b[0])<<8|uint16(b[1]))) / 32768 * full
}

// Two looks within one conversion give the same bytes; each converter has its
// own speed, within 10 % of 128 a second.
func TestADS1114KeepsItsPace(t *testing.T) {
	r := virtual(t, Setup{ModelVer: "1.5"}, nil)
	r.tx(0x2C, []byte{0, 204}, 0)
	for _, address := range []uint16{0x49, 0x4A} {
		r.tx(address, []byte{1, 0x0A, 0x83}, 0)
		r.tx(address, []byte{0}, 2)
		changes, last := 0, []byte{}
		start := r.Now()
		for r.Now() < start+2*time.Second {
			got := r.tx(address, nil, 2)
			if !bytes.Equal(got, last) {
				changes, last = changes+1, got
			}
			r.clock.Advance(300 * time.Microsecond)
		}
		if changes < 2*114 || changes > 2*142 {
			t.Errorf("0x%02x: %d conversions in 2 s, want 230 to 282", address, changes)
		}
	}
}

// A full scale that is too small clips instead of wrapping.
func TestADSClips(t *testing.T) {
	r := virtual(t, Setup{ModelVer: "1.5"}, quiet)
	must(t, r.Inject(Fault{Kind: Bright, Value: 1}))
	r.tx(0x49, []byte{1, 0x0A, 0x83}, 0)
	r.clock.Advance(20 * time.Millisecond)
	if got := r.tx(0x49, []byte{0}, 2); !bytes.Equal(got, []byte{0x7F, 0xFF}) {
		t.Errorf("1 V at 0.256 V full scale = % x, want 7f ff", got)
	}
}

// An ADS1115 in single-shot mode on HAT 1.0: pd1 at AIN1, pd2 at AIN0, aux at AIN3.
func TestADS1115SingleShot(t *testing.T) {
	r := virtual(t, Setup{HAT: "1.0"}, quiet)
	r.tx(0x48, []byte{1, 0xF3, 0x83}, 0) // start, AIN3, 4.096 V, single, 128 SPS
	if got := r.tx(0x48, []byte{1}, 2); got[0]&0x80 != 0 {
		t.Errorf("config % x while converting, want the top bit 0", got)
	}
	r.clock.Advance(10 * time.Millisecond)
	if got := r.tx(0x48, []byte{1}, 2); !bytes.Equal(got, []byte{0xF3, 0x83}) {
		t.Errorf("config after the conversion = % x, want f3 83", got)
	}
	near(t, "5 V rail through 0.134", volts(r.tx(0x48, []byte{0}, 2), 4.096), 5*0.134, 4.096/32768)
	r.tx(0x48, []byte{1, 0xDB, 0x83}, 0) // AIN1, 0.256 V
	r.clock.Advance(10 * time.Millisecond)
	near(t, "dark REF", volts(r.tx(0x48, []byte{0}, 2), 0.256), lit(0), 0.256/32768)
}

// The RP2040: pointer, little endian, 32 counts per 12-bit count from firmware 0.4 on.
func TestPicoReads(t *testing.T) {
	for firmware, scale := range map[string]float64{"0.5": 32, "0.4": 32, "0.3": 16} {
		r := virtual(t, Setup{Firmware: firmware}, quiet)
		if got := r.tx(0x2C, []byte{8}, 2); !bytes.Equal(got, []byte{firmware[2] - '0', 0}) {
			t.Errorf("%s: version register % x, want minor, major", firmware, got)
		}
		r.tx(0x2C, []byte{0, 204}, 0)
		r.clock.Advance(time.Second)
		got := r.tx(0x2C, []byte{4 + 2}, 2)
		count := float64(got[0]) + 256*float64(got[1])
		near(t, firmware+": REF", count, lit(0.8)/3.3*4095*scale, 5)
		aux := r.tx(0x2C, []byte{4 + 1}, 2)
		near(t, firmware+": aux", float64(aux[0])+256*float64(aux[1]), 5*0.134/3.3*4095*scale, 2)
		if got := r.tx(0x2C, []byte{9}, 2); !bytes.Equal(got, []byte{0xFF, 0xFF}) {
			t.Errorf("unknown pointer reads % x, want ff ff", got)
		}
	}
}

// After a step of light the filter keeps 0.75 of the old in each loop of 10.5 ms.
func TestPicoFilterLags(t *testing.T) {
	r := virtual(t, Setup{}, quiet)
	count := func() float64 {
		got := r.tx(0x2C, []byte{4 + 2}, 2)
		return float64(got[0]) + 256*float64(got[1])
	}
	r.clock.Advance(time.Second)
	dark := count()
	r.clock.Advance(time.Second) // of dark loops, which nobody reads
	r.tx(0x2C, []byte{0, 255}, 0)
	r.clock.Advance(42 * time.Millisecond) // 4 loops
	want := dark + (lit(1)-lit(0))/3.3*4095*32*(1-0.75*0.75*0.75*0.75)
	if got := count(); got < want*0.9 || got > want*1.1 {
		t.Errorf("after 42 ms of light: %v, want %v ± one loop", got, want)
	}
	r.clock.Advance(200 * time.Millisecond)
	near(t, "after 0.24 s", count(), lit(1)/3.3*4095*32, 40)
}

// Above 65535/(32·4095)·3.3 = 1.65 V the 16-bit register wraps.
func TestPicoWraps(t *testing.T) {
	r := virtual(t, Setup{}, func(c *sim.Config) { quiet(c); c.RailV = 14 })
	r.clock.Advance(3 * time.Second)
	got := r.tx(0x2C, []byte{4 + 1}, 2)
	want := 14*0.134/3.3*4095*32 - 65536
	near(t, "14 V rail, 1.876 V at the converter", float64(got[0])+256*float64(got[1]), want, 2)
}

func TestDAC43608(t *testing.T) {
	r := virtual(t, Setup{HAT: "1.0"}, nil)
	if got := r.tx(0x49, []byte{1}, 2); !bytes.Equal(got, []byte{0, 0xFF}) {
		t.Errorf("config after power-up = % x, want every channel off", got)
	}
	r.tx(0x49, []byte{1, 0, 0xFE}, 0) // power A up before its value is written
	near(t, "LED A by its power-on register", r.Truth().LEDPct[0], 100, 0)
	r.tx(0x49, []byte{8, 0x07, 0xF0}, 0) // 127 << 4
	near(t, "LED A", r.Truth().LEDPct[0], 127.0/255*100, 1e-9)
	near(t, "LED A to a judge", percent(t, r.Root(), "LED A"), 127.0/255*100, 1e-9)
	r.tx(0x49, []byte{1, 0x01, 0xFF}, 0)
	near(t, "LED A with all off", r.Truth().LEDPct[0], 0, 0)
	if got := r.tx(0x49, []byte{8}, 2); !bytes.Equal(got, []byte{0x07, 0xF0}) {
		t.Errorf("register A = % x, want 07 f0", got)
	}
}

func TestTMP1075(t *testing.T) {
	for room, want := range map[float64][]byte{22: {0x16, 0}, 25.0625: {0x19, 0x10}, -0.0625: {0xFF, 0xF0}, -10.5: {0xF5, 0x80}} {
		r := virtual(t, Setup{}, func(c *sim.Config) { quiet(c); c.RoomC = room })
		if got := r.tx(0x4F, []byte{0}, 2); !bytes.Equal(got, want) {
			t.Errorf("%v °C = % x, want % x", room, got, want)
		}
	}
}

// An empty write is answered where a chip is, and nowhere else.
func TestBusPresence(t *testing.T) {
	r := virtual(t, Setup{Model: "pioreactor_40ml_XR"}, nil)
	there := map[uint16]bool{0x2C: true, 0x48: true, 0x49: true, 0x4A: true, 0x4B: true, 0x4F: true}
	for address := uint16(3); address < 0x78; address++ {
		err := r.bus.Tx(address, nil, nil)
		if there[address] && err != nil || !there[address] && !errors.Is(err, errNACK) {
			t.Errorf("0x%02x: %v", address, err)
		}
	}
	if _, err := r.I2C(0); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("i2c-0: %v, want ENOENT", err)
	}
}
