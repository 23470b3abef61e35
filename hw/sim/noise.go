package sim

import (
	"math"
	"math/rand/v2"
)

// NoiseConfig is what no model explains.
type NoiseConfig struct {
	Noise          string  `toml:"noise" oneof:"none|nominal|colored|noisy" help:"family of a reading's error"`
	NoiseCV        float64 `toml:"noise_cv" min:"0" max:"1" help:"standard deviation of a reading over its value, such as 0.033; 0: the family's own"`
	ReadNoiseV     float64 `toml:"read_noise_v" unit:"V" min:"0" max:"1" help:"standard deviation of a sample without light"`
	ShotNoiseSqrtV float64 `toml:"shot_noise_sqrt_v" unit:"√V" min:"0" max:"1" help:"its growth with the square root of volts"`
}

func defaultNoise() NoiseConfig {
	return NoiseConfig{Noise: "nominal", ReadNoiseV: 0.00015, ShotNoiseSqrtV: 0.001}
}

// family is the error of one reading of x AU: e' = ρ·e + √(1−ρ²)·N(0, σ²) with
// σ² = floor² + (cv·x)², and with probability p a shock of up to k more σ.
// Source: the noise families of Pioreactor's growth-rate simulator.
type family struct{ floor, cv, rho, p, k float64 }

var families = map[string]family{
	"none":    {},
	"nominal": {cv: .0056, rho: .02, p: .0030, k: 4},
	"colored": {floor: 9.85e-4, cv: .0054, rho: .59, p: .0073, k: 5},
	"noisy":   {floor: 7.82e-3, cv: .0114, rho: .83, p: .0150, k: 6},
}

// family is the configured one, as loud as the configuration says.
func (c NoiseConfig) family() family {
	f := families[c.Noise]
	if c.NoiseCV > 0 && c.Noise != "none" {
		f.cv = c.NoiseCV
	}
	return f
}

// next advances the standardized error z of a channel by one reading and
// returns the error in AU at x AU.
func (f family) next(r random, z *float64, x float64) float64 {
	*z = f.rho**z + math.Sqrt(1-f.rho*f.rho)*r.NormFloat64()
	e := *z
	if r.Float64() < f.p {
		e += f.k * (2*r.Float64() - 1)
	}
	return e * math.Hypot(f.floor, f.cv*x)
}

// random is one part's own stream of random numbers, so that reading one part
// more often does not change another's noise. Its state can be kept: pcg.
type random struct {
	*rand.Rand
	pcg *rand.PCG
}

func source(seed uint64, part string) random {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(part) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	pcg := rand.NewPCG(seed, h)
	return random{rand.New(pcg), pcg}
}
