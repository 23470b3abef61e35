package sim

import (
	"time"

	"github.com/pioactor/pioactor/hw"
)

// Truth is the state that no sensor shows exactly.
type Truth struct {
	At               time.Duration // on the board's clock
	ODAU             float64       // all cells, sedimented ones too
	MuPerH           float64       // specific growth rate now
	Generations      float64       // grown since the start
	SubstrateGPerL   float64
	AltMediaFraction float64
	IC50AltFraction  float64
	VolumeML         float64
	OverflowML       float64 // over the brim, ever
	SpilledML        float64 // pumped while the vial was away, ever
	WasteOverflowML  float64 // beyond the waste bottle's room, ever
	MediaLeftML      float64
	AltMediaLeftML   float64
	VialPresent      bool
	RPM              float64
	VialC, BoardC    float64
	StirrerPct       float64
	HeaterPct        float64
	LEDPct           [4]float64 // A to D
	Pumps            [len(hw.PumpRoles)]PumpTruth
}

// Pump is the truth about the pump wired to role; zero for an unknown role.
func (t Truth) Pump(role hw.PumpRole) PumpTruth {
	if i, ok := pumpOutput(role); ok {
		return t.Pumps[i-mediaOut]
	}
	return PumpTruth{}
}

// Truth is the twin's state now. It works on a closed board too.
func (b *Board) Truth() Truth {
	b.enter()
	defer b.mu.Unlock()
	t := Truth{
		At: b.at, ODAU: b.culture.od, MuPerH: b.culture.mu(b.heat.vialC()), Generations: b.culture.generations,
		SubstrateGPerL: b.culture.substrate, AltMediaFraction: b.culture.alt, IC50AltFraction: b.culture.ic50,
		VolumeML: b.vial.volume, OverflowML: b.vial.overflow, SpilledML: b.vial.spilled, WasteOverflowML: b.vial.wasteOver,
		MediaLeftML: b.pumps[0].bottle, AltMediaLeftML: b.pumps[1].bottle, VialPresent: !b.vial.removed,
		RPM: b.stirrer.rpm, VialC: b.heat.vialC(), BoardC: b.heat.boardC(),
		StirrerPct: b.duty[stirrerOut], HeaterPct: b.duty[heaterOut],
	}
	copy(t.LEDPct[:], b.duty[ledOut:])
	for i := range b.pumps {
		t.Pumps[i] = b.pumps[i].truth
		t.Pumps[i].On = b.pumps[i].drive(b.duty[mediaOut+i]) > 0
	}
	return t
}
