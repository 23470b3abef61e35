package sim

import (
	"errors"
	"math"
)

// ThermalConfig is the heating trace, its board and the vial above it.
type ThermalConfig struct {
	// RoomC is the room, and everything at the start. Default 22 °C.
	RoomC float64 `toml:"room_c"`
	// VialRiseCPerPct is how far 1 % of constant duty warms the vial in the
	// end. Default 0.74 °C.
	VialRiseCPerPct float64 `toml:"vial_rise_c_per_pct"`
	// BoardLeadCPerPct is how far 1 % of duty lifts the board above the vial.
	// Default 0.22 °C.
	BoardLeadCPerPct float64 `toml:"board_lead_c_per_pct"`
	// BoardLoss is the share of the vial's excess over the room that the
	// unheated board is cooler than the vial. Default 0.04.
	BoardLoss float64 `toml:"board_loss"`
	// BoardS and VialS are the two time constants. Default 20 s and 600 s.
	// Source: cool-down curves in Pioreactor's tests give 17 to 28 s and 6 to 14 min.
	BoardS float64 `toml:"board_s"`
	VialS  float64 `toml:"vial_s"`
	// ThermometerNoiseC is the standard deviation of one reading before it is
	// rounded to ThermometerStepC. Default 0.01 and 0.0625 °C (TMP1075).
	ThermometerNoiseC float64 `toml:"thermometer_noise_c"`
	ThermometerStepC  float64 `toml:"thermometer_step_c"`
}

func defaultThermal() ThermalConfig {
	return ThermalConfig{
		RoomC: 22, VialRiseCPerPct: 0.74, BoardLeadCPerPct: 0.22, BoardLoss: 0.04,
		BoardS: 20, VialS: 600, ThermometerNoiseC: 0.01, ThermometerStepC: 0.0625,
	}
}

func (c ThermalConfig) validate() error {
	err := check(
		bound{"room_c", c.RoomC, -20, 60},
		bound{"vial_rise_c_per_pct", c.VialRiseCPerPct, 0, 10},
		bound{"board_lead_c_per_pct", c.BoardLeadCPerPct, 1e-3, 10},
		bound{"board_loss", c.BoardLoss, 0, 0.5},
		bound{"board_s", c.BoardS, 0.1, 1e4},
		bound{"vial_s", c.VialS, 0.2, 1e6},
		bound{"thermometer_noise_c", c.ThermometerNoiseC, 0, 10},
		bound{"thermometer_step_c", c.ThermometerStepC, 0, 10},
	)
	if c.VialS < 2*c.BoardS {
		err = errors.Join(err, errors.New("sim: vial_s must be at least twice board_s"))
	}
	return err
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
