package sim

import "math"

// CultureConfig is the organism and what it eats.
type CultureConfig struct {
	InitialODAU float64 `toml:"initial_od_au" unit:"AU" min:"0" max:"200" help:"the inoculum"`
	// Escherichia coli K-12 in glucose minimal medium at 37 °C: 0.6 to 0.9 1/h.
	MuMaxPerH float64 `toml:"mu_max_per_h" unit:"1/h" min:"0" max:"10" help:"growth rate with everything in excess"`
	LagH      float64 `toml:"lag_h" unit:"h" min:"0" max:"1000" help:"lag before growth; 0: none"`
	// The default is larger than an adapted cell's so that chemostats are gentle.
	KsGPerL                float64 `toml:"ks_g_per_l" unit:"g/L" min:"1e-6" max:"1000" help:"substrate at which growth is half of its maximum"`
	MediaSubstrateGPerL    float64 `toml:"media_substrate_g_per_l" unit:"g/L" min:"0" max:"10000" help:"substrate in the media bottle, and in the vial at the start"`
	AltMediaSubstrateGPerL float64 `toml:"alt_media_substrate_g_per_l" unit:"g/L" min:"0" max:"10000" help:"substrate in the alt media bottle"`
	// The default: 0.45 g/g, and 0.35 g/L of dry mass for each AU.
	YieldAUPerGPerL        float64 `toml:"yield_au_per_g_per_l" unit:"AU·L/g" min:"1e-6" max:"1000" help:"OD that 1 g/L of substrate becomes"`
	IC50AltFraction        float64 `toml:"ic50_alt_fraction" min:"0" max:"100" help:"alt media fraction that halves growth; 0: alt media does not inhibit"`
	HillExponent           float64 `toml:"hill_exponent" min:"0.1" max:"20" help:"steepness of that inhibition"`
	IC50DriftPerGeneration float64 `toml:"ic50_drift_per_generation" min:"0" max:"1" help:"rise of ln IC50 for each generation grown under full inhibition: resistance evolves"`
	OxygenLimitAUPerH      float64 `toml:"oxygen_limit_au_per_h" unit:"AU/h" min:"0" max:"1000" help:"cap on biomass made per hour, as by surface aeration; 0: none"`
	OptimumC               float64 `toml:"optimum_c" unit:"°C" min:"0" max:"100" help:"vial temperature at which growth is fastest"`
	TemperatureWidthC      float64 `toml:"temperature_width_c" unit:"°C" min:"0" max:"100" help:"standard deviation of the Gaussian of growth over temperature; 0: temperature does not matter"`
	SedimentationPerH      float64 `toml:"sedimentation_per_h" unit:"1/h" min:"0" max:"100" help:"how fast cells leave the light path while the stirrer stands"`
}

func defaultCulture() CultureConfig {
	return CultureConfig{
		InitialODAU: 0.05, MuMaxPerH: 0.9, LagH: 1, KsGPerL: 0.1,
		MediaSubstrateGPerL: 10, AltMediaSubstrateGPerL: 10, YieldAUPerGPerL: 1.3,
		IC50AltFraction: 0.3, HillExponent: 2, OptimumC: 37, SedimentationPerH: 0.15,
	}
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
	dormant     bool    // a fault
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
	if c.dormant {
		return 0
	}
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
