package sim

import "math"

// CultureConfig is the organism and what it eats.
type CultureConfig struct {
	// InitialODAU is the inoculum. Default 0.05 AU.
	InitialODAU float64 `toml:"initial_od_au"`
	// MuMaxPerH is the growth rate with everything in excess. Default 0.9 1/h
	// (Escherichia coli K-12, glucose minimal medium, 37 °C: 0.6 to 0.9).
	MuMaxPerH float64 `toml:"mu_max_per_h"`
	// LagH is the lag before growth, 0 for none. Default 1 h.
	LagH float64 `toml:"lag_h"`
	// KsGPerL is the substrate at which growth is half of its maximum. Default
	// 0.1 g/L, larger than an adapted cell's so that chemostats are gentle.
	KsGPerL float64 `toml:"ks_g_per_l"`
	// MediaSubstrateGPerL is in the media bottle, and in the vial at the start.
	MediaSubstrateGPerL float64 `toml:"media_substrate_g_per_l"`
	// AltMediaSubstrateGPerL is in the alt media bottle.
	AltMediaSubstrateGPerL float64 `toml:"alt_media_substrate_g_per_l"`
	// YieldAUPerGPerL is the OD that 1 g/L of substrate becomes. Default 1.3:
	// 0.45 g/g, and 0.35 g/L of dry mass for each AU.
	YieldAUPerGPerL float64 `toml:"yield_au_per_g_per_l"`
	// IC50AltFraction is the alt media fraction that halves growth; 0 means
	// that alt media does not inhibit. Default 0.3.
	IC50AltFraction float64 `toml:"ic50_alt_fraction"`
	// HillExponent is the steepness of that inhibition. Default 2.
	HillExponent float64 `toml:"hill_exponent"`
	// IC50DriftPerGeneration lets resistance evolve: ln IC50 rises by this for
	// each generation grown under full inhibition. Default 0.
	IC50DriftPerGeneration float64 `toml:"ic50_drift_per_generation"`
	// OxygenLimitAUPerH caps biomass made per hour, as surface aeration does;
	// 0 means no cap. Default 0.
	OxygenLimitAUPerH float64 `toml:"oxygen_limit_au_per_h"`
	// OptimumC and TemperatureWidthC shape growth over vial temperature as a
	// Gaussian; a width of 0, the default, means temperature does not matter.
	OptimumC          float64 `toml:"optimum_c"`
	TemperatureWidthC float64 `toml:"temperature_width_c"`
	// SedimentationPerH is how fast cells leave the light path while the
	// stirrer stands. Default 0.15 1/h.
	SedimentationPerH float64 `toml:"sedimentation_per_h"`
}

func defaultCulture() CultureConfig {
	return CultureConfig{
		InitialODAU: 0.05, MuMaxPerH: 0.9, LagH: 1, KsGPerL: 0.1,
		MediaSubstrateGPerL: 10, AltMediaSubstrateGPerL: 10, YieldAUPerGPerL: 1.3,
		IC50AltFraction: 0.3, HillExponent: 2, OptimumC: 37, SedimentationPerH: 0.15,
	}
}

func (c CultureConfig) validate() error {
	return check(
		bound{"initial_od_au", c.InitialODAU, 0, 200},
		bound{"mu_max_per_h", c.MuMaxPerH, 0, 10},
		bound{"lag_h", c.LagH, 0, 1000},
		bound{"ks_g_per_l", c.KsGPerL, 1e-6, 1000},
		bound{"media_substrate_g_per_l", c.MediaSubstrateGPerL, 0, 10000},
		bound{"alt_media_substrate_g_per_l", c.AltMediaSubstrateGPerL, 0, 10000},
		bound{"yield_au_per_g_per_l", c.YieldAUPerGPerL, 1e-6, 1000},
		bound{"ic50_alt_fraction", c.IC50AltFraction, 0, 100},
		bound{"hill_exponent", c.HillExponent, 0.1, 20},
		bound{"ic50_drift_per_generation", c.IC50DriftPerGeneration, 0, 1},
		bound{"oxygen_limit_au_per_h", c.OxygenLimitAUPerH, 0, 1000},
		bound{"optimum_c", c.OptimumC, 0, 100},
		bound{"temperature_width_c", c.TemperatureWidthC, 0, 100},
		bound{"sedimentation_per_h", c.SedimentationPerH, 0, 100},
	)
}

// culture is what is in each millilitre of the vial.
type culture struct {
	cfg         CultureConfig
	od          float64 // AU, sedimented cells included
	substrate   float64 // g/L
	alt         float64 // fraction of alt media
	ready       float64 // Baranyi's q; its q/(1+q) is the share of µmax reached
	ic50        float64 // alt media fraction
	generations float64
	suspended   float64 // share of cells in the light path, 0 to 1
}

func newCulture(cfg CultureConfig) culture {
	c := culture{cfg: cfg, od: cfg.InitialODAU, substrate: cfg.MediaSubstrateGPerL, ic50: cfg.IC50AltFraction, suspended: 1}
	c.ready = initialReadiness(cfg.MuMaxPerH * cfg.LagH)
	return c
}

// grow advances the culture by hours at vialC; mixing is not its business.
func (c *culture) grow(hours, vialC float64) {
	rate := c.potential(vialC)
	awake := c.wake(hours)
	effective := rate * awake
	if limit := c.cfg.OxygenLimitAUPerH; limit > 0 && hours > 0 {
		effective = min(effective, limit*hours/max(c.od*c.saturation(), 1e-12))
	}
	before := c.od
	c.od, c.substrate = monod(c.od, c.substrate, effective, c.cfg.KsGPerL, c.cfg.YieldAUPerGPerL)
	c.count(before)
}

// count adds the generations just grown and the resistance they brought.
func (c *culture) count(before float64) {
	if c.od <= before || before <= 0 {
		return
	}
	grown := math.Log2(c.od / before)
	c.generations += grown
	if c.cfg.IC50DriftPerGeneration > 0 {
		c.ic50 *= math.Exp(c.cfg.IC50DriftPerGeneration * grown * (1 - c.uninhibited()))
	}
}

// mu is the specific growth rate at this instant, 1/h.
func (c *culture) mu(vialC float64) float64 {
	mu := c.potential(vialC) * c.ready / (1 + c.ready) * c.saturation()
	if limit := c.cfg.OxygenLimitAUPerH; limit > 0 {
		mu = min(mu, limit/max(c.od, 1e-12))
	}
	return mu
}

// potential is µ in 1/h without lag, substrate and oxygen.
func (c *culture) potential(vialC float64) float64 {
	return c.cfg.MuMaxPerH * c.uninhibited() * warmth(vialC, c.cfg.OptimumC, c.cfg.TemperatureWidthC)
}

func (c *culture) saturation() float64 { return c.substrate / (c.cfg.KsGPerL + c.substrate) }

func (c *culture) uninhibited() float64 { return hill(c.alt, c.ic50, c.cfg.HillExponent) }

// settle moves cells out of, or back into, the light path.
func (c *culture) settle(seconds, rpm float64) {
	const (
		suspendingRPM = 50 // below this a bar does not lift cells
		resuspendS    = 5  // a spinning bar clears the bottom within seconds
	)
	if rpm >= suspendingRPM {
		c.suspended = 1 - (1-c.suspended)*math.Exp(-seconds/resuspendS)
		return
	}
	c.suspended *= math.Exp(-seconds / 3600 * c.cfg.SedimentationPerH)
}

// hill is the share of growth left at fraction of an inhibitor:
// 1/(1+(fraction/ic50)^n); 1 when ic50 is 0, which means no inhibition.
func hill(fraction, ic50, n float64) float64 {
	if ic50 <= 0 || fraction <= 0 {
		return 1
	}
	return 1 / (1 + math.Pow(fraction/ic50, n))
}

// warmth is the share of growth left at c °C: exp(−½((c−optimum)/width)²).
func warmth(c, optimum, width float64) float64 {
	if width <= 0 {
		return 1
	}
	d := (c - optimum) / width
	return math.Exp(-d * d / 2)
}
