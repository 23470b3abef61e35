package sim

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// after runs the twin through a little of everything and says what is visible.
type visible struct {
	truth                Truth
	signal, ref, ripple  float64
	burst, edge, thermal error
	celsius              float64
	edges                hw.Edges
	setErr               error
	dark                 float64 // signal right after the IR LED went out
	supply               hw.Supply
	rail                 error
	presses              hw.Presses
}

func observe(t *testing.T, b *Board, advance func(time.Duration)) (v visible) {
	t.Helper()
	keep := func(err error) {
		if err != nil && v.setErr == nil {
			v.setErr = err
		}
	}
	keep(b.Stirrer().Set(60))
	heater, _ := b.Heater()
	keep(heater.Set(20))
	for _, role := range []hw.PumpRole{hw.Media, hw.AltMedia, hw.Waste} {
		p := pumpOf(t, b, role)
		keep(p.Set(100))
		advance(10 * time.Second)
		if err := p.Halt(); err != nil {
			t.Errorf("%s: Halt() = %v: must work under any fault", role, err)
		}
	}
	advance(2 * time.Minute)
	keep(ledOf(t, b, "A").Set(80))
	burst, err := b.Photodiodes().Burst(spread, []int{1, 2})
	v.burst = err
	for i, sum := range []*float64{&v.ref, &v.signal} {
		if err == nil {
			lo, hi := math.Inf(1), math.Inf(-1)
			for _, s := range burst.Samples[i] {
				*sum += s.Volts / 40
				lo, hi = min(lo, s.Volts), max(hi, s.Volts)
			}
			v.ripple = hi - lo
		}
	}
	keep(ledOf(t, b, "A").Set(0))
	thermometer, _ := b.Thermometer()
	v.celsius, v.thermal = thermometer.TemperatureC()
	tacho, _ := b.Tachometer()
	v.edges, v.edge = tacho.Edges()
	v.truth = b.Truth()
	if dark, err := b.Photodiodes().Burst(hw.Plan{0}, []int{2}); err == nil {
		v.dark = dark.Samples[0][0].Volts
	}
	rail, _ := b.Rail()
	v.supply, v.rail = rail.Supply()
	button, _ := b.Button()
	v.presses, _ = button.Presses()
	return v
}

// Each kind of fault, what must then be seen, and whether clearing heals it.
func TestEachFaultIsVisible(t *testing.T) {
	moved := func(v visible, role hw.PumpRole) float64 { return v.truth.Pump(role).MovedML }
	cases := map[string]func(bad, good visible) bool{
		"pump_dead:media":         func(b, g visible) bool { return moved(b, hw.Media) == 0 && moved(g, hw.Media) > 0.9 },
		"pump_slow:alt_media=0.5": func(b, g visible) bool { return math.Abs(moved(b, hw.AltMedia)*2-moved(g, hw.AltMedia)) < 1e-6 },
		"pump_stuck:media":        func(b, g visible) bool { return moved(b, hw.Media) > 10 && b.truth.OverflowML > 0 },
		"pump_error:waste":        func(b, g visible) bool { return b.setErr != nil && moved(b, hw.Waste) == 0 },
		"waste_blocked:0.75":      func(b, g visible) bool { return math.Abs(moved(b, hw.Waste)*4-moved(g, hw.Waste)) < 1e-6 },
		"waste_full":              func(b, g visible) bool { return b.truth.WasteOverflowML > 0 },
		"bottle_empty:media":      func(b, g visible) bool { return moved(b, hw.Media) == 0 && b.truth.Pump(hw.Media).AirML > 0.9 },
		"air_in_line:media=0.5":   func(b, g visible) bool { return math.Abs(moved(b, hw.Media)-moved(g, hw.Media)+0.5) < 1e-6 },
		"dormant":                 func(b, g visible) bool { return b.truth.MuPerH == 0 && g.truth.MuPerH > 0 },
		"stirrer_stall":           func(b, g visible) bool { return b.truth.RPM == 0 && g.truth.RPM > 1000 },
		"tacho_dead":              func(b, g visible) bool { return b.edges.Count == 0 && b.truth.RPM > 1000 },
		"tacho_error":             func(b, g visible) bool { return b.edge != nil },
		"vial_removed":            func(b, g visible) bool { return b.truth.SpilledML > 1.5 && !b.truth.VialPresent && b.signal > 0.05 },
		"vial_rotated:0.1":        func(b, g visible) bool { return math.Abs((b.signal-0.002)/(g.signal-0.002)-1.1) < 1e-6 },
		"sample:1.5":              func(b, g visible) bool { return b.truth.VolumeML < g.truth.VolumeML },
		"inoculate:1":             func(b, g visible) bool { return b.truth.ODAU > g.truth.ODAU+0.5 },
		"hum:0.02":                func(b, g visible) bool { return b.ripple > 0.025 && g.ripple < 0.01 },
		"ambient:0.05":            func(b, g visible) bool { return math.Abs(b.signal-g.signal-0.05) < 1e-6 },
		"ref_noise:0.1":           func(b, g visible) bool { return math.Abs(b.ref/g.ref-1) > 1e-3 },
		"adc_error":               func(b, g visible) bool { return b.burst != nil },
		"adc_saturated":           func(b, g visible) bool { return math.Abs(b.signal-3.3) < 1e-9 },
		"thermometer_error":       func(b, g visible) bool { return b.thermal != nil },
		"thermometer_nan":         func(b, g visible) bool { return math.IsNaN(b.celsius) },
		"thermometer_frozen":      func(b, g visible) bool { return b.celsius == 22 && g.celsius > 24 },
		"thermometer_step:5":      func(b, g visible) bool { return math.Abs(b.celsius-g.celsius-5) < 0.2 },
		"heater_dead":             func(b, g visible) bool { return b.truth.BoardC <= 22 && g.truth.BoardC > 24 },
		"led_dead:A":              func(b, g visible) bool { return math.Abs(b.ref-0.002) < 1e-9 },
		"led_dim:A=0.5":           func(b, g visible) bool { return math.Abs((b.ref-0.002)*2-(g.ref-0.002)) < 1e-6 },
		"afterglow:0.05":          func(b, g visible) bool { return math.Abs(b.dark-g.dark-0.05) < 1e-6 },
		"ref_displaced:2":         func(b, g visible) bool { return b.ref > 1.0005*g.ref && b.signal == g.signal },
		"rail_voltage:4.5":        func(b, g visible) bool { return b.supply == hw.Supply{Volts: 4.5, Sagging: true, Known: true} },
		"rail_error":              func(b, g visible) bool { return b.rail != nil },
		"button_pressed":          func(b, g visible) bool { return b.presses == hw.Presses{Down: true, Count: 1} },
	}
	seen := map[FaultKind]bool{}
	for text, visibleIn := range cases {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		seen[f.Kind] = true
		t.Run(text, func(t *testing.T) {
			change := func(c *Config) { quiet(c); still(c); c.TrueEffluxML, c.MuMaxPerH, c.LagH = 14, 0.01, 0 }
			well, clock := open(t, change)
			good := observe(t, well, clock.Advance)
			ill, clock := open(t, change)
			if err := ill.Inject(f); err != nil {
				t.Fatal(err)
			}
			bad := observe(t, ill, clock.Advance)
			if !visibleIn(bad, good) {
				t.Errorf("not visible: %+v", bad)
			}
			if visibleIn(good, good) {
				t.Errorf("visible in a well board: %+v", good)
			}
			heals(t, ill, f)
		})
	}
	for _, kind := range FaultKinds() {
		if !seen[kind] {
			t.Errorf("fault %s is not tested", kind)
		}
	}
}

// heals clears f, which must be listed until then; what is done for good is neither.
func heals(t *testing.T, b *Board, f Fault) {
	t.Helper()
	if f.Kind == Sample || f.Kind == Inoculate {
		if err := b.Clear(f); err == nil {
			t.Errorf("Clear(%s) = nil, but it cannot be undone", f)
		}
		return
	}
	if list := b.Faults(); len(list) != 1 || list[0] != f {
		t.Errorf("Faults() = %v, want %v", list, f)
	}
	if err := b.Clear(f); err != nil {
		t.Errorf("Clear(%s) = %v", f, err)
	}
	if list := b.Faults(); len(list) != 0 {
		t.Errorf("Faults() after clearing = %v, want none", list)
	}
	if err := b.Clear(f); err == nil {
		t.Errorf("Clear(%s) twice = nil", f)
	}
	if b.pumps[0].flow != 1 || b.pumps[1].flow != 1 || b.pumps[2].flow != 1 || b.faults.ledLeft != [4]float64{1, 1, 1, 1} {
		t.Error("shares did not return to 1")
	}
}

func TestFaultsOfOnePartCombine(t *testing.T) {
	b, _ := open(t, nil)
	for _, text := range []string{"waste_blocked:0.5", "pump_slow:waste=0.5", "led_dim:A=0.5", "led_dead:A"} {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
	within(t, "waste flow", b.pumps[2].flow, 0.25, 0)
	within(t, "light of LED A", b.faults.ledLeft[0], 0, 0)
	if err := b.Clear(Fault{Kind: LEDDead, Target: "A"}); err != nil {
		t.Fatal(err)
	}
	within(t, "light of LED A after clearing led_dead", b.faults.ledLeft[0], 0.5, 0)
}

func TestStallNeedsAKickAfterwards(t *testing.T) {
	b, clock := open(t, nil)
	set(t, b.Stirrer(), 100)
	clock.Advance(time.Second)
	set(t, b.Stirrer(), 30)
	f := Fault{Kind: StirrerStall}
	_ = b.Inject(f)
	clock.Advance(time.Minute)
	if err := b.Clear(f); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	within(t, "rpm without a kick", b.Truth().RPM, 0, 0)
}

func TestSamplingMoreThanThereIsIsRefused(t *testing.T) {
	b, _ := open(t, nil)
	err := b.Inject(Fault{Kind: Sample, Value: 15})
	if err == nil || !strings.Contains(err.Error(), "holds 15.000 mL") {
		t.Errorf("Inject(sample of 15 mL) = %v", err)
	}
	within(t, "volume in mL", b.Truth().VolumeML, 15, 0)
}

func TestParseFaultComplaints(t *testing.T) {
	for text, want := range map[string]string{
		"":                      `unknown kind ""`,
		"pump_ded:media":        `unknown kind "pump_ded"`,
		"pump_dead":             `target "": must be one of [media alt_media waste]`,
		"pump_dead:beer":        `target "beer": must be one of`,
		"pump_dead:media=1":     "pump_dead takes no value",
		"stirrer_stall:1":       "stirrer_stall takes nothing after it",
		"hum":                   `value "": must be a number from 0 to 1`,
		"hum:loud":              `value "loud": must be a number from 0 to 1`,
		"hum:NaN":               "value NaN: must be 0 to 1",
		"waste_blocked:1.5":     "value 1.5: must be 0 to 1",
		"air_in_line:waste=1":   `target "waste": must be one of [media alt_media]`,
		"air_in_line:media":     `value "": must be a number from 0 to 100`,
		"led_dim:E=0.5":         `target "E": must be one of [A B C D]`,
		"thermometer_step:1e99": "value 1e+99: must be -100 to 100",
	} {
		_, err := ParseFault(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFault(%q) = %v, want …%s…", text, err, want)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, s := range []string{"stirrer_stall", "pump_dead:media", "led_dim:A=0.5", "sample:1.0", "hum:1e-3", ":", "air_in_line:media=", "vial_rotated:-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			return
		}
		again, err := ParseFault(fault.String())
		if err != nil || again != fault {
			t.Fatalf("%q parsed to %+v, whose text %q parses to %+v, %v", text, fault, fault, again, err)
		}
		b, _ := open(t, nil)
		if err := b.Inject(fault); err != nil && fault.Kind != Sample {
			t.Fatalf("Inject(%s) = %v", fault, err)
		}
	})
}
