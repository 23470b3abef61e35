package sim

import "math"

// fullyReady is a q at which a culture grows within 1e-9 of its potential.
const fullyReady = 1e9

// initialReadiness is Baranyi's q0 = 1/(e^h0−1) for h0 = µmax·lag.
// Source: Baranyi & Roberts 1994, Int. J. Food Microbiol. 23, 277–294.
func initialReadiness(h0 float64) float64 {
	if h0 <= 0 {
		return fullyReady
	}
	return min(1/math.Expm1(min(h0, 700)), fullyReady) // e^700 is still finite
}

// wake advances q by q' = µmax·q and returns ∫ q/(1+q) dt in hours, exactly:
// ln((1+q1)/(1+q0))/µmax.
func (c *culture) wake(hours float64) float64 {
	if c.ready >= fullyReady || c.cfg.MuMaxPerH <= 0 {
		return hours
	}
	before := c.ready
	c.ready *= math.Exp(c.cfg.MuMaxPerH * hours)
	return (math.Log1p(c.ready) - math.Log1p(before)) / c.cfg.MuMaxPerH
}
