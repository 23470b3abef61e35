package ekf

import "math"

// A track follows the culture in two modes at once: quiet, where µ hardly
// moves, and shift, where it may move fast. The modes' weights follow from how
// well each foretells the readings: an interacting multiple model filter (Blom
// and Bar-Shalom 1988, IEEE Trans. Automat. Contr. 33, 780).
const (
	quiet = iota
	shift
	modes
)

const (
	levelDrift = 1e-6  // (ln OD)²/h: thermal drift of the optics, 0.1 % in an hour
	minWeight  = 1e-9  // a mode is never quite impossible
	minVar     = 1e-12 // floor of a variance
	minGain    = 0.0   // of the pumps: nothing came
	maxGain    = 2.0   // of the pumps: twice as much
	calmShift  = 0.001 // weight of the shift mode after an announced jump, at most
)

// track's state in each mode is [ln OD, µ, dose gain].
type track struct {
	X [modes][3]float64    `json:"x"`
	P [modes][3][3]float64 `json:"p"`
	W [modes]float64       `json:"w"`
}

func newTrack(level, levelVar, rate float64, t *Tuning) track {
	var k track
	for m := range modes {
		k.X[m] = vec{level, rate, 1}
		k.P[m] = mat{{levelVar, 0, 0}, {0, t.StartRateSD * t.StartRateSD, 0}, {0, 0, t.PumpSD * t.PumpSD}}
	}
	k.W = [modes]float64{0.5, 0.5}
	return k
}

// predict moves the track dt hours on, over doses of the announced step.
func (k *track) predict(dt, step float64, t *Tuning) {
	k.mix(dt, t)
	f := mat{{1, dt, step}, {0, 1, 0}, {0, 0, 1}}
	for m := range modes {
		q := t.drift(m)
		k.X[m] = mulVec(&f, &k.X[m])
		p := sandwich(&f, &k.P[m])
		p[0][0] += levelDrift*dt + q*dt*dt*dt/3 + t.DoseSD*t.DoseSD*step*step
		p[0][1] += q * dt * dt / 2
		p[1][0] += q * dt * dt / 2
		p[1][1] += q * dt
		p[2][2] += t.PumpDrift * t.PumpDrift * dt
		k.P[m] = p
	}
}

// mix lets the modes exchange weight for dt hours.
func (k *track) mix(dt float64, t *Tuning) {
	out := [modes]float64{t.leave(quiet, dt), t.leave(shift, dt)}
	before := *k
	for m := range modes {
		from := 1 - m
		stay, come := before.W[m]*(1-out[m]), before.W[from]*out[from]
		k.W[m] = stay + come
		k.X[m], k.P[m] = blend(&before, m, from, come/(stay+come))
	}
}

// blend is the mean and covariance of mode a with share b of mode b.
func blend(k *track, a, b int, share float64) (x vec, p mat) {
	var d vec
	for i := range 3 {
		d[i] = k.X[b][i] - k.X[a][i]
		x[i] = k.X[a][i] + share*d[i]
	}
	for i := range 3 {
		for j := range 3 {
			p[i][j] = (1-share)*k.P[a][i][j] + share*k.P[b][i][j] + share*(1-share)*d[i]*d[j]
		}
	}
	return x, p
}

// belief is the track's mean and covariance over its modes.
func (k *track) belief() (vec, mat) { return blend(k, quiet, shift, k.W[shift]) }

// correct takes a reading z of ln OD with the given noise variance. A doubtful
// reading says nothing about the modes.
func (k *track) correct(z, noise float64, doubtful bool) {
	var score [modes]float64
	for m := range modes {
		p := &k.P[m]
		spread := p[0][0] + noise
		e := z - k.X[m][0]
		score[m] = -0.5 * (math.Log(spread) + e*e/spread)
		gain := vec{p[0][0] / spread, p[1][0] / spread, p[2][0] / spread}
		for i := range 3 {
			k.X[m][i] += gain[i] * e
		}
		k.X[m][1] = clipRate(k.X[m][1])
		k.X[m][2] = math.Min(math.Max(k.X[m][2], minGain), maxGain)
		k.P[m] = joseph(p, &gain, noise)
	}
	if !doubtful {
		k.weigh(score)
	}
}

// weigh updates the modes' weights by their log likelihoods.
func (k *track) weigh(score [modes]float64) {
	odds := math.Log(k.W[shift]/k.W[quiet]) + score[shift] - score[quiet]
	w := 1 / (1 + math.Exp(-odds))
	w = math.Min(math.Max(w, minWeight), 1-minWeight)
	k.W = [modes]float64{1 - w, w}
}

// joseph is the corrected covariance (I−KH)P(I−KH)ᵀ + K·noise·Kᵀ, which stays
// positive semidefinite under rounding. H picks the level.
func joseph(p *mat, gain *vec, noise float64) mat {
	keep := mat{{1 - gain[0], 0, 0}, {-gain[1], 1, 0}, {-gain[2], 0, 1}}
	out := sandwich(&keep, p)
	for i := range 3 {
		for j := range i + 1 {
			v := (out[i][j]+out[j][i])/2 + gain[i]*gain[j]*noise
			out[i][j], out[j][i] = v, v
		}
		out[i][i] = math.Max(out[i][i], minVar)
	}
	return out
}

// anchor forgets the level and takes it from a reading; µ and the dose gain
// stay as they are.
func (k *track) anchor(z, noise float64) {
	for m := range modes {
		p := &k.P[m]
		k.X[m][0] = z
		p[0] = vec{noise, 0, 0}
		p[1][0], p[2][0] = 0, 0
	}
}

// calm gives both modes the same belief and quiet the benefit of the doubt:
// what was announced is not growth.
func (k *track) calm() {
	x, p := k.belief()
	for m := range modes {
		k.X[m], k.P[m] = x, p
	}
	s := math.Min(k.W[shift], calmShift)
	k.W = [modes]float64{1 - s, s}
}

// loosen adds variance to the level.
func (k *track) loosen(variance float64) {
	for m := range modes {
		k.P[m][0][0] += variance
	}
}

// foresee is the predicted reading and the variance of the prediction.
func (k *track) foresee() (level, variance float64) {
	x, p := k.belief()
	return x[0], p[0][0]
}

func (k *track) valid() bool {
	for m := range modes {
		x := &k.X[m]
		if !plausible(x) || x[2] < minGain || x[2] > maxGain || !psd(&k.P[m]) || !(k.W[m] > 0 && k.W[m] < 1) {
			return false
		}
	}
	return math.Abs(k.W[quiet]+k.W[shift]-1) < 1e-6
}
