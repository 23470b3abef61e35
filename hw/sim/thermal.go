package sim

import (
	"errors"
	"math"
)

// ThermalConfig is the heating trace, its board and the vial above it.
type ThermalConfig struct {
	RoomC            float64 `toml:"room_c" unit:"°C" min:"-20" max:"60" help:"the room, and everything at the start"`
	VialRiseCPerPct  float64 `toml:"vial_rise_c_per_pct" unit:"°C/%" min:"0" max:"10" help:"how far 1 % of constant duty warms the vial in the end"`
	BoardLeadCPerPct float64 `toml:"board_lead_c_per_pct" unit:"°C/%" min:"1e-3" max:"10" help:"how far 1 % of duty lifts the heater's board above the vial"`
	BoardLoss        float64 `toml:"board_loss" min:"0" max:"0.5" help:"share of the vial's excess over the room that the unheated board is cooler than the vial"`
	// Cool-down curves in Pioreactor's tests give 17 to 28 s and 6 to 14 min, and
	// 0.2 to 0.26 °C/% of lead. Boards differ: in the 20 mL vial of version 1.0 the
	// cool board is as warm as the vial, in later ones a little cooler.
	BoardS            float64 `toml:"board_s" unit:"s" min:"0.1" max:"1e4" help:"time constant of the heater's board"`
	VialS             float64 `toml:"vial_s" unit:"s" min:"0.2" max:"1e6" help:"time constant of the vial, at least twice board_s"`
	ThermometerNoiseC float64 `toml:"thermometer_noise_c" unit:"°C" min:"0" max:"10" help:"standard deviation of one reading before rounding"`
	ThermometerStepC  float64 `toml:"thermometer_step_c" unit:"°C" min:"0" max:"10" help:"one step of the thermometer; a TMP1075 has 0.0625"`
}

func defaultThermal() ThermalConfig {
	return ThermalConfig{
		RoomC: 22, VialRiseCPerPct: 0.74, BoardLeadCPerPct: 0.24, BoardLoss: 0.02,
		BoardS: 24, VialS: 600, ThermometerNoiseC: 0.01, ThermometerStepC: 0.0625,
	}
}

func (c ThermalConfig) validate() error {
	if c.VialS < 2*c.BoardS {
		return errors.New("sim: vial_s must be at least twice board_s")
	}
	return nil
}

// thermal is a heater that lifts its board above the vial and warms the vial
// through it, both linear, so that any stretch of constant duty is exact.
type thermal struct {
	cfg    ThermalConfig
	excess float64 // vial over room, °C
	lead   float64 // board over vial by heating, °C
}

// advance with a constant duty: lead' = (lead∞ − lead)/τb and
// excess' = (g·lead − excess)/τv with g = vial rise / board lead.
func (t *thermal) advance(seconds, duty float64) {
	final := t.cfg.BoardLeadCPerPct * duty
	gain := t.cfg.VialRiseCPerPct / t.cfg.BoardLeadCPerPct
	fast, slow := math.Exp(-seconds/t.cfg.BoardS), math.Exp(-seconds/t.cfg.VialS)
	transient := t.lead - final
	coupled := gain * transient * t.cfg.BoardS / (t.cfg.BoardS - t.cfg.VialS)
	t.excess = gain*final + (t.excess-gain*final-coupled)*slow + coupled*fast
	t.lead = final + transient*fast
}

func (t *thermal) vialC() float64  { return t.cfg.RoomC + t.excess }
func (t *thermal) boardC() float64 { return t.vialC() + t.lead - t.cfg.BoardLoss*t.excess }

// chill mixes liquid at room temperature into the vial, of whose warmth share
// is left; the board keeps its own temperature.
func (t *thermal) chill(share float64) {
	lost := t.excess * (1 - share)
	t.excess -= lost
	t.lead += lost * (1 - t.cfg.BoardLoss)
}
