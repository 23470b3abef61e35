package sim

import "math"

// flows are constant over one piece of time, in mL/s.
type flows struct {
	media, alt  float64 // liquid into the vial
	waste       float64 // liquid out through the efflux tube
	overflow    float64 // liquid out over the brim
	evaporation float64 // water only
}

func (f flows) in() float64  { return f.media + f.alt }
func (f flows) out() float64 { return f.waste + f.overflow }

// mixed is what a well mixed vial becomes after seconds of constant flows:
// V' = in − out − evaporation; a concentration c that arrives at cin follows
// c' = (in·cin − (in−evaporation)·c)/V. Both integrate exactly.
type mixed struct {
	volume   float64 // mL afterwards
	kept     float64 // share left of a solute that no inflow carries
	inflow   float64 // ∫ in·dt/V, for the solutes that arrive
	thinning float64 // share left if evaporation is ignored: heat, which water takes along
}

func mix(volume, seconds float64, f flows) mixed {
	net := f.in() - f.out() - f.evaporation
	after := volume + net*seconds
	turnover := seconds / volume // ∫ dt/V
	if r := net * seconds / volume; math.Abs(r) > 1e-12 {
		turnover *= math.Log1p(r) / r
	}
	return mixed{
		volume:   after,
		kept:     math.Exp(-(f.in() - f.evaporation) * turnover),
		inflow:   f.in() * turnover,
		thinning: math.Exp(-f.in() * turnover),
	}
}

// solute is the concentration afterwards of one that starts at c and arrives at cin.
func (m mixed) solute(c, cin float64) float64 {
	if m.inflow == 0 {
		return c * m.kept
	}
	lost := -math.Log(m.kept) // ∫ (in−evaporation)·dt/V
	if math.Abs(lost) < 1e-12 {
		return c + m.inflow*cin
	}
	level := m.inflow / lost * cin
	return level + (c-level)*m.kept
}
