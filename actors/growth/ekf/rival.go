package ekf

import "math"

// Odds of a jump of the level, as natural logarithms. Chosen by simulation:
// a true onset of growth must not be taken for a staircase of jumps, nor a
// jump for growth.
const (
	rivalFrom   = 2.5     // |z| of a reading that may begin a new level
	rivalPrior  = -8.0    // that the level jumps just there
	rivalWins   = 4.0     // from here on the jump is believed
	rivalLoses  = -10.0   // from here on it is dismissed
	rivalRepeat = -20.0   // added for a second jump the same way at once …
	repeatTimeH = 1.0 / 6 // … fading with this time constant, h
	sheerJump   = 6.0     // |z| that growth never gives from one reading to the next
	rivalMinAge = 3       // readings: two glitches in a row are no jump
	rivalMaxAge = 60      // readings without a verdict: no jump
	robustFrom  = 3.0     // |z| from which evidence grows linearly (Huber 1964)
)

// rival is the other explanation: at some reading the level jumped, µ did not
// change. It starts as a copy of the main track from before that reading, so
// that if it wins, nothing the jump did to the main track remains.
type rival struct {
	Track    track   `json:"track"`
	Age      int     `json:"age"`       // readings since the jump; 0 = no rival
	Evidence float64 `json:"evidence"`  // ln odds against the main track
	Step     float64 `json:"step"`      // size of the jump, in ln OD
	LastStep float64 `json:"last_step"` // of the last jump believed; 0 = none
	SinceH   float64 `json:"since_h"`   // time since then
}

func (r *rival) predict(dt, step float64, t *Tuning) {
	r.SinceH = math.Min(r.SinceH+dt, maxGapH)
	if r.Age > 0 {
		r.Track.predict(dt, step, t)
	}
}

// begin lets a copy of the main track jump to the reading z.
func (r *rival) begin(before *track, z, dev, noise float64) {
	level, _ := before.foresee()
	r.Track = *before
	r.Track.anchor(z, noise)
	r.Step, r.Age = z-level, 1
	r.Evidence = rivalPrior
	if r.Step*r.LastStep > 0 && math.Abs(dev) < sheerJump {
		r.Evidence += rivalRepeat * math.Exp(-r.SinceH/repeatTimeH)
	}
}

func (r *rival) valid() bool {
	return r.Age >= 0 && r.Age <= rivalMaxAge && r.Track.valid() && finite(r.Evidence, r.Step, r.LastStep, r.SinceH)
}

// judge lets main and rival explain the reading, and settles between them. It
// returns how many SDs the reading lay off main's prediction.
func (s *DefaultState) judge(z float64) (dev float64, moved bool) {
	before := s.Main
	dev, score := s.explain(&s.Main, z)
	if s.Rival.Age > 0 {
		rivalDev, rivalScore := s.explain(&s.Rival.Track, z)
		s.Rival.Age++
		s.Rival.Evidence += (rivalScore - score) * math.Sqrt(s.Noise.news())
		moved = s.settle(math.Min(math.Abs(dev), math.Abs(rivalDev)) > s.Tuning.OutlierSD)
	}
	if s.Rival.Age == 0 && !moved && math.Abs(dev) > rivalFrom {
		s.Rival.begin(&before, z, dev, s.Noise.variance())
	}
	return dev, moved
}

// settle ends the contest if the evidence allows, or if neither side can
// explain the reading: then there was a later jump.
func (s *DefaultState) settle(neither bool) (moved bool) {
	r := &s.Rival
	r.Evidence = math.Min(math.Max(r.Evidence, -maxEvidence), maxEvidence)
	switch {
	case r.Evidence > rivalWins && r.Age >= rivalMinAge:
		s.Main = r.Track
		r.Age, r.LastStep, r.SinceH = 0, r.Step, 0
		return true
	case neither || r.Evidence < rivalLoses || r.Age >= rivalMaxAge:
		r.Age = 0
	}
	return false
}

// explain corrects a track with the reading. It returns how many SDs the
// reading lay off the prediction, and the robust log likelihood of that. An
// outlier's noise is taken as larger, as in grpredict 26.4.7, so that it pulls
// no more than a reading at the threshold.
func (s *DefaultState) explain(k *track, z float64) (dev, score float64) {
	level, variance := k.foresee()
	spread := variance + s.Noise.variance()
	dev = (z - level) / math.Sqrt(spread)
	noise := s.Noise.whitened()
	over := math.Abs(dev) / s.Tuning.OutlierSD
	if over > 1 {
		noise *= over * over
	}
	k.correct(z, noise, over > 1)
	return dev, -0.5 * (math.Log(spread) + huber(dev))
}

// huber is dev², growing only linearly beyond robustFrom.
func huber(dev float64) float64 {
	a := math.Abs(dev)
	if a <= robustFrom {
		return a * a
	}
	return robustFrom * (2*a - robustFrom)
}
