package sim

// pump moves liquid, or air when there is no liquid at its inlet.
type pump struct {
	rate   float64 // mL/s at 100 %
	bottle float64 // mL of liquid left; unused by the waste pump
	air    float64 // mL of air still in the line
	flow   float64 // fault: share of the rate that is left, 1 when well
	stuck  bool    // fault: runs at 100 % whatever it is told
	broken bool    // fault: refuses to be set
	truth  PumpTruth
}

// PumpTruth is what a pump really did.
type PumpTruth struct {
	On      bool    // turning now
	OnS     float64 // seconds turned, ever
	MovedML float64 // liquid moved, ever; of the waste pump: out of the vial
	AirML   float64 // air moved, ever
}

// speed is mL/s of liquid or air at duty percent.
func (p *pump) speed(duty float64) float64 {
	return p.rate * p.flow * p.drive(duty) / 100
}

func (p *pump) drive(duty float64) float64 {
	if p.stuck {
		return 100
	}
	return duty
}

// deliver is the liquid an inflow pump gives in mL/s, and for how many seconds at most.
func (p *pump) deliver(speed, seconds float64) (liquid, lasts float64) {
	switch {
	case speed <= 0:
		return 0, seconds
	case p.air > 0:
		return 0, min(seconds, p.air/speed)
	case p.bottle > 0:
		return speed, min(seconds, p.bottle/speed)
	default:
		return 0, seconds
	}
}

// account books a piece in which the pump turned at speed and moved liquid, both mL/s.
func (p *pump) account(duty, speed, liquid, seconds float64) {
	const rounding = 1e-12 // mL; what is left of a bottle after an exact event
	if p.drive(duty) > 0 {
		p.truth.OnS += seconds
	}
	if speed <= 0 {
		return
	}
	p.truth.MovedML += liquid * seconds
	p.truth.AirML += (speed - liquid) * seconds
	if p.air > 0 {
		p.air = drain(p.air, speed*seconds, rounding)
		return
	}
	p.bottle = drain(p.bottle, liquid*seconds, rounding)
}

func drain(stock, taken, rounding float64) float64 {
	if left := stock - taken; left > rounding {
		return left
	}
	return 0
}
