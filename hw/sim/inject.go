package sim

import (
	"fmt"
	"slices"

	"github.com/pioactor/pioactor/hw"
)

// faults are the board's faults, and those effects that no part keeps itself.
type faults struct {
	active         []Fault
	heaterDead     bool
	tachoError     bool
	deadTacho      *hw.Edges // the count it stopped at
	adcError       bool
	adcSaturated   bool
	humV, ambientV float64
	refNoise       float64
	refDisplaced   float64
	afterglowV     float64
	railV          *float64 // what the supply has; nil: what the config says
	railError      bool
	pressed        bool
	presses        uint64
	ledLeft        [4]float64 // share of light left
}

// Inject makes f true from now on. A fault of the same kind and target is
// replaced. It works on a closed board too.
func (b *Board) Inject(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	b.enter()
	defer b.mu.Unlock()
	switch f.Kind {
	case Sample:
		return b.sample(f.Value)
	case Inoculate:
		b.inoculate(f.Value)
		return nil
	}
	b.faults.active = append(b.others(f), f)
	b.apply(f, true)
	b.combine()
	return nil
}

// Clear ends the active fault of f's kind and target, whatever its value.
func (b *Board) Clear(f Fault) error {
	b.enter()
	defer b.mu.Unlock()
	left := b.others(f)
	if len(left) == len(b.faults.active) {
		return fmt.Errorf("sim: clear fault %s %s: not active", f.Kind, f.Target)
	}
	b.faults.active = left
	b.apply(f, false)
	b.combine()
	return nil
}

// Faults lists the active faults in the order they were injected.
func (b *Board) Faults() []Fault {
	b.enter()
	defer b.mu.Unlock()
	return slices.Clone(b.faults.active)
}

// others are the active faults without f's kind and target.
func (b *Board) others(f Fault) []Fault {
	return slices.DeleteFunc(slices.Clone(b.faults.active), func(a Fault) bool {
		return a.Kind == f.Kind && a.Target == f.Target
	})
}

// combine works out the shares that several active faults leave together. It
// runs whenever the list has changed.
func (b *Board) combine() {
	b.changes++
	left := [4]float64{1, 1, 1, 1}
	for i := range b.pumps {
		b.pumps[i].flow = 1
	}
	for _, f := range b.faults.active {
		led, _ := ledOutput(f.Target)
		pump, _ := pumpOutput(hw.PumpRole(f.Target))
		switch f.Kind {
		case LEDDead, LEDDim: // a dead LED has the value 0
			left[led-ledOut] *= f.Value
		case PumpDead, PumpSlow: // so has a dead pump
			b.pumps[pump-mediaOut].flow *= f.Value
		case WasteBlocked:
			b.pumps[wasteOut-mediaOut].flow *= 1 - f.Value
		}
	}
	b.faults.ledLeft = left
}

// apply makes f true, or untrue, where no other fault shares the effect.
func (b *Board) apply(f Fault, on bool) {
	switch f.Kind {
	case PumpStuck, PumpError, WasteFull, BottleEmpty, AirInLine:
		b.applyFluid(f, on)
	case RailVoltage, RailError, ButtonPressed:
		b.applyPanel(f, on)
	case Hum, Ambient, RefNoise, RefDisplaced, Afterglow, ADCError, ADCSaturated, VialRotated:
		b.applyLight(f, on)
	case ThermometerError, ThermometerNaN, ThermometerFrozen, ThermometerStep, HeaterDead:
		b.applyHeat(f, on)
	case StirrerStall:
		b.stirrer.stalled = on
	case TachoDead:
		b.applyTacho(on)
	case TachoError:
		b.faults.tachoError = on
	case VialRemoved:
		b.vial.removed = on
	case Dormant:
		b.culture.dormant = on
	}
}

func (b *Board) applyFluid(f Fault, on bool) {
	if f.Kind == WasteFull {
		b.vial.wasteRoom = pick(on, 0, b.cfg.WasteBottleML)
		return
	}
	i, _ := pumpOutput(hw.PumpRole(f.Target))
	p := &b.pumps[i-mediaOut]
	switch f.Kind {
	case PumpStuck:
		p.stuck = on
	case PumpError:
		p.broken = on
	case BottleEmpty:
		p.bottle = pick(on, 0, b.full(f.Target))
	case AirInLine:
		p.air = pick(on, f.Value, 0)
	}
}

func (b *Board) full(role string) float64 {
	if role == string(hw.Media) {
		return b.cfg.MediaBottleML
	}
	return b.cfg.AltMediaBottleML
}

func (b *Board) applyLight(f Fault, on bool) {
	value := pick(on, f.Value, 0)
	switch f.Kind {
	case Hum:
		b.faults.humV = value
	case Ambient:
		b.faults.ambientV = value
	case RefNoise:
		b.faults.refNoise = value
	case RefDisplaced:
		b.faults.refDisplaced = value
	case Afterglow:
		b.faults.afterglowV = value
	case ADCError:
		b.faults.adcError = on
	case ADCSaturated:
		b.faults.adcSaturated = on
	case VialRotated:
		b.light.rotate(value, source(b.cfg.Seed, "rotation"))
	}
}

func (b *Board) applyPanel(f Fault, on bool) {
	switch f.Kind {
	case RailVoltage:
		b.faults.railV = nil
		if on {
			b.faults.railV = &f.Value
		}
	case RailError:
		b.faults.railError = on
	case ButtonPressed:
		if on && !b.faults.pressed {
			b.faults.presses++
		}
		b.faults.pressed = on
	}
}

func (b *Board) applyHeat(f Fault, on bool) {
	switch f.Kind {
	case ThermometerError:
		b.thermo.broken = on
	case ThermometerNaN:
		b.thermo.nan = on
	case ThermometerStep:
		b.thermo.offsetC = pick(on, f.Value, 0)
	case HeaterDead:
		b.faults.heaterDead = on
	case ThermometerFrozen:
		if !on {
			b.thermo.frozen = nil
		} else if b.thermo.frozen == nil {
			c := rounded(b.heat.boardC()+b.thermo.offsetC, b.thermo.stepC)
			b.thermo.frozen = &c
		}
	}
}

func (b *Board) applyTacho(on bool) {
	if !on {
		b.faults.deadTacho = nil
	} else if b.faults.deadTacho == nil {
		stopped := b.stirrer.edges
		b.faults.deadTacho = &stopped
	}
}

// sample takes ml of culture out of the vial.
func (b *Board) sample(ml float64) error {
	if b.vial.volume-ml < dry {
		return fmt.Errorf("sim: sample %v mL: the vial holds %.3f mL and %v mL cannot be reached", ml, b.vial.volume, dry)
	}
	b.vial.volume -= ml
	return nil
}

// inoculate adds cells that have to adapt first.
func (b *Board) inoculate(au float64) {
	b.culture.od += au
	b.culture.ready = initialReadiness(b.cfg.MuMaxPerH * b.cfg.LagH)
}

func pick(on bool, yes, no float64) float64 {
	if on {
		return yes
	}
	return no
}
