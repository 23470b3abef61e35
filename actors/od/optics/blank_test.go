package optics

import (
	"math"
	"testing"
)

func TestBlankMeanDropsTwoAtEachEnd(t *testing.T) {
	for name, test := range map[string]struct {
		readings []float64
		want     float64
	}{
		"outliers":     {[]float64{0.03, 9, 0.01, 0.02, -5, 7, -3}, 0.02},
		"four count":   {[]float64{1, 2, 3, 6}, 3},
		"none is none": {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := BlankMean(test.readings); math.Abs(got-test.want) > 1e-12 {
				t.Errorf("mean = %v AU, want %v", got, test.want)
			}
		})
	}
}
