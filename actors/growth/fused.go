package growth

import (
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// fusedChannel stands for all photodiodes together.
const fusedChannel = 0

// source decides at the start what growth follows: od_fused on a Pioreactor XR
// with an estimator, else the photodiodes.
func (j *Job) source(c *actors.Context) {
	actors.Subscribe[actors.ODFused](c)
	actors.Subscribe[actors.EstimatorActive](c)
	if f, _, ok := actors.Latest[actors.EstimatorActive](c, "od_fused"); ok {
		j.choose(f)
	}
}

func (j *Job) choose(f actors.EstimatorActive) {
	if f.Device == "od_fused" {
		j.fused = f.Name != "" && strings.HasSuffix(j.Model, "_XR")
	}
}

// alone is a fused density as the reading of one channel.
func alone(f actors.ODFused) actors.ODReadings {
	r := actors.ODReading{Meta: f.Meta, Channel: fusedChannel, Value: f.Value, RawAU: f.Value, Quality: f.Quality, Calibration: f.Estimator, VialNumber: f.VialNumber}
	return actors.ODReadings{Meta: f.Meta, Readings: []actors.ODReading{r}}
}

// rescale keeps the normalized OD where it is when a calibration comes, goes or
// changes: the factor moves with the scale, or every target would silently mean
// another density.
func (j *Job) rescale(c *actors.Context, readings []actors.ODReading) {
	scales := make([]string, len(readings))
	for i, r := range readings {
		scales[i] = r.Calibration
		if !usable(r) && len(j.scales) == len(readings) {
			scales[i] = j.scales[i]
		}
	}
	old := j.scales
	j.scales = scales
	if len(old) == 0 || slices.Equal(old, scales) {
		return
	}
	if j.filter == nil {
		j.spoil()
		return
	}
	factors := slices.Clone(j.norm.Start.Factors)
	for i := range factors {
		if i < len(j.latest) && old[i] != scales[i] && j.latest[i] > 0 {
			factors[i] *= j.values[i] / j.latest[i]
		}
	}
	j.norm.Start.Factors = factors
	j.ratios = nil
	c.Log().Notice("The calibration of OD changed: its normalization moved with it, normalized OD stays.")
	c.Save(normKey(c.Experiment()), j.norm)
	j.latest = append(j.latest[:0], j.values...)
	j.snapshot(c)
}
