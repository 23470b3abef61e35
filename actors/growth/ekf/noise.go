package ekf

import "math"

const (
	minLnSD      = 1e-3 // floor of the readings' noise; below it lies the ADC's resolution
	noiseMemory  = 150  // readings that the noise is averaged over
	noisePrior   = 15   // readings that the warm-up's noise counts for
	maxSquare    = 9.0  // a squared difference counts at most so many means: outliers
	maxWild      = 1.5  // the same for a reading that may be a jump
	maxColour    = 0.8  // AR(1) coefficient; more cannot be told from growth
	sampledAlike = 3    // gaps within this factor of the last one can be compared
)

// noise learns the readings' white and coloured noise from differences of
// readings one and two apart, less the predicted motion: growth, however fast,
// does not enter. For AR(1) noise of variance s and coefficient r these have
// the means 2s(1−r) and 2s(1−r²).
type noise struct {
	D1      float64 `json:"d1"`        // mean squared difference, one apart
	D2      float64 `json:"d2"`        // mean squared difference, two apart
	N       int     `json:"n"`         // readings averaged so far, up to noiseMemory
	Last    float64 `json:"last"`      // last reading, moved along with the prediction
	Earlier float64 `json:"earlier"`   // the one before
	Have    int     `json:"have"`      // how many of the two are known
	LastDtH float64 `json:"last_dt_h"` // gap before the last reading
}

func newNoise(lnSD float64) noise {
	v := math.Max(lnSD, minLnSD)
	return noise{D1: 2 * v * v, D2: 2 * v * v, N: noisePrior}
}

// forget drops the last readings: the next is not comparable with them.
func (n *noise) forget() { n.Have = 0 }

// take learns from reading z; motion is the predicted change since the last.
// A wild reading, which may be a jump, counts for little, yet not for nothing:
// noise that has truly grown must be learned in the end.
func (n *noise) take(z, motion, dt float64, wild bool) {
	if dt > sampledAlike*n.LastDtH || n.LastDtH > sampledAlike*dt {
		n.forget()
	}
	n.Last, n.Earlier = n.Last+motion, n.Earlier+motion
	if n.Have == 2 {
		n.N = min(n.N+1, noiseMemory)
		most := maxSquare
		if wild {
			most = maxWild
		}
		n.D1 = n.average(n.D1, z-n.Last, most)
		n.D2 = n.average(n.D2, z-n.Earlier, most)
	}
	n.Earlier, n.Last, n.LastDtH = n.Last, z, dt
	n.Have = min(n.Have+1, 2)
}

func (n *noise) average(mean, diff, most float64) float64 {
	mean += (math.Min(diff*diff, most*mean) - mean) / float64(n.N)
	return math.Max(mean, 2*minLnSD*minLnSD*(1-maxColour))
}

func (n *noise) colour() float64 {
	return math.Min(math.Max(n.D2/n.D1-1, 0), maxColour)
}

// variance of one reading.
func (n *noise) variance() float64 {
	return math.Max(n.D1/2/(1-n.colour()), minLnSD*minLnSD)
}

// whitened is the variance that white noise would need to hide growth as well
// as the readings' coloured noise does.
func (n *noise) whitened() float64 {
	return n.variance() / n.news()
}

// news is how much a reading adds to those before it: 1 for white noise, less
// for coloured noise. Readings with AR(1) coefficient r tell the mean as well
// as (1−r)/(1+r) as many independent ones.
func (n *noise) news() float64 {
	r := n.colour()
	return (1 - r) / (1 + r)
}

func (n *noise) valid() bool {
	return finite(n.D1, n.D2, n.Last, n.Earlier, n.LastDtH) && n.D1 > 0 && n.D2 > 0 && n.N > 0 && n.N <= noiseMemory &&
		n.Have >= 0 && n.Have <= 2 && n.LastDtH >= 0
}
