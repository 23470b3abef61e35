package sim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// FaultKind names what can go wrong.
type FaultKind string

// The faults. In brackets: what follows the kind and a colon in a [ParseFault] text.
const (
	PumpDead          FaultKind = "pump_dead"          // [role] turns but moves nothing
	PumpSlow          FaultKind = "pump_slow"          // [role=share] moves this share of its rate, 0 to 2
	PumpStuck         FaultKind = "pump_stuck"         // [role] runs at 100 % whatever it is told
	PumpError         FaultKind = "pump_error"         // [role] Set fails; Halt works
	WasteBlocked      FaultKind = "waste_blocked"      // [share] this share of the waste flow is lost, 0 to 1
	WasteFull         FaultKind = "waste_full"         // the waste bottle has no room left
	BottleEmpty       FaultKind = "bottle_empty"       // [media or alt_media] draws air; clearing refills
	AirInLine         FaultKind = "air_in_line"        // [media or alt_media=mL] so much air comes first
	StirrerStall      FaultKind = "stirrer_stall"      // the bar stops, and needs a kick after clearing
	TachoDead         FaultKind = "tacho_dead"         // no more edges
	TachoError        FaultKind = "tacho_error"        // reading edges fails
	VialRemoved       FaultKind = "vial_removed"       // pumps spill, light changes
	VialRotated       FaultKind = "vial_rotated"       // [step] the signal's gain changes by this share
	Sample            FaultKind = "sample"             // [mL] taken from the vial; cannot be cleared
	Inoculate         FaultKind = "inoculate"          // [AU] added, with a new lag; cannot be cleared
	Hum               FaultKind = "hum"                // [V] more mains hum
	Ambient           FaultKind = "ambient"            // [V] more stray light
	RefNoise          FaultKind = "ref_noise"          // [share] the reference varies so much between readings
	ADCError          FaultKind = "adc_error"          // bursts fail
	ADCSaturated      FaultKind = "adc_saturated"      // every sample is at full scale
	ThermometerError  FaultKind = "thermometer_error"  // reading fails
	ThermometerNaN    FaultKind = "thermometer_nan"    // reading is NaN: a driver that breaks its contract
	ThermometerFrozen FaultKind = "thermometer_frozen" // reading no longer changes
	ThermometerStep   FaultKind = "thermometer_step"   // [°C] reading is off by this
	HeaterDead        FaultKind = "heater_dead"        // does not warm
	LEDDead           FaultKind = "led_dead"           // [A to D] stays dark
	Dormant           FaultKind = "dormant"            // the cells live and do not grow
	LEDDim            FaultKind = "led_dim"            // [A to D=share] shines with this share, 0 to 1
	Afterglow         FaultKind = "afterglow"          // [V] the signal diodes go dark slowly, with 3 s
	RefDisplaced      FaultKind = "ref_displaced"      // [share] so much of the vortex reaches the reference
	RailVoltage       FaultKind = "rail_voltage"       // [V] the supply has this; below 4.63 V the flag is set
	RailError         FaultKind = "rail_error"         // reading the supply fails
	ButtonPressed     FaultKind = "button_pressed"     // the button is held down
)

// Fault is one thing that is wrong. Target and Value mean something only for
// kinds that take them.
type Fault struct {
	Kind   FaultKind
	Target string
	Value  float64
}

// String is the text that [ParseFault] reads.
func (f Fault) String() string {
	form := forms[f.Kind]
	value := strconv.FormatFloat(f.Value, 'g', -1, 64)
	switch {
	case form.targets != nil && form.valued:
		return string(f.Kind) + ":" + f.Target + "=" + value
	case form.targets != nil:
		return string(f.Kind) + ":" + f.Target
	case form.valued:
		return string(f.Kind) + ":" + value
	default:
		return string(f.Kind)
	}
}

// form is how a kind is written.
type form struct {
	targets  []string // nil: none
	valued   bool
	min, max float64
}

var (
	allPumps    = []string{"media", "alt_media", "waste"}
	inflowPumps = []string{"media", "alt_media"}
	allLEDs     = []string{"A", "B", "C", "D"}
)

var forms = map[FaultKind]form{
	PumpDead: {targets: allPumps}, PumpStuck: {targets: allPumps}, PumpError: {targets: allPumps},
	PumpSlow:     {targets: allPumps, valued: true, max: 2},
	WasteBlocked: {valued: true, max: 1}, WasteFull: {},
	BottleEmpty: {targets: inflowPumps}, AirInLine: {targets: inflowPumps, valued: true, max: 100},
	StirrerStall: {}, TachoDead: {}, TachoError: {},
	VialRemoved: {}, VialRotated: {valued: true, min: -0.9, max: 10},
	Sample: {valued: true, max: 1000}, Inoculate: {valued: true, max: 200},
	Hum: {valued: true, max: 1}, Ambient: {valued: true, max: 10}, RefNoise: {valued: true, max: 1},
	ADCError: {}, ADCSaturated: {},
	ThermometerError: {}, ThermometerNaN: {}, ThermometerFrozen: {},
	ThermometerStep: {valued: true, min: -100, max: 100},
	Afterglow:       {valued: true, max: 1}, RefDisplaced: {valued: true, max: 10},
	RailVoltage: {valued: true, max: 30}, RailError: {}, ButtonPressed: {},
	Dormant: {}, HeaterDead: {}, LEDDead: {targets: allLEDs}, LEDDim: {targets: allLEDs, valued: true, max: 1},
}

// FaultKinds lists every kind in alphabetical order, for help texts.
func FaultKinds() []FaultKind {
	kinds := make([]FaultKind, 0, len(forms))
	for k := range forms {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// ParseFault reads "kind", "kind:value", "kind:target" or "kind:target=value",
// such as "stirrer_stall", "sample:1.5", "pump_dead:media" or "led_dim:A=0.5".
func ParseFault(text string) (Fault, error) {
	kind, rest, given := strings.Cut(strings.TrimSpace(text), ":")
	f := Fault{Kind: FaultKind(kind)}
	form, ok := forms[f.Kind]
	if !ok {
		return Fault{}, fmt.Errorf("sim: fault %q: unknown kind %q: must be one of %v", text, kind, FaultKinds())
	}
	if given && form.targets == nil && !form.valued {
		return Fault{}, fmt.Errorf("sim: fault %q: %s takes nothing after it", text, kind)
	}
	number := rest
	if form.targets != nil {
		f.Target, number, given = strings.Cut(rest, "=")
		if given && !form.valued {
			return Fault{}, fmt.Errorf("sim: fault %q: %s takes no value", text, kind)
		}
	}
	if form.valued {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return Fault{}, fmt.Errorf("sim: fault %q: value %q: must be a number from %v to %v", text, number, form.min, form.max)
		}
		f.Value = v
	}
	return f, f.check()
}

// check reports a fault that no board can have.
func (f Fault) check() error {
	form, ok := forms[f.Kind]
	switch {
	case !ok:
		return fmt.Errorf("sim: fault: unknown kind %q: must be one of %v", string(f.Kind), FaultKinds())
	case form.targets != nil && !slices.Contains(form.targets, f.Target):
		return fmt.Errorf("sim: fault %s: target %q: must be one of %v", f.Kind, f.Target, form.targets)
	case form.targets == nil && f.Target != "":
		return fmt.Errorf("sim: fault %s: takes no target, got %q", f.Kind, f.Target)
	case form.valued && !(f.Value >= form.min && f.Value <= form.max):
		return fmt.Errorf("sim: fault %s: value %v: must be %v to %v", f.Kind, f.Value, form.min, form.max)
	case !form.valued && (f.Value != 0 || math.IsNaN(f.Value)):
		return fmt.Errorf("sim: fault %s: takes no value, got %v", f.Kind, f.Value)
	}
	return nil
}
