package device

import (
	"errors"
	"math"
	"testing"

	"github.com/pioactor/pioactor/hw"
)

var errBus = errors.New("no answer on the bus")

func TestReadingIsAMeanThatSurvivesAGlitch(t *testing.T) {
	for name, test := range map[string]struct {
		series hw.Series
		want   float64
		fails  bool
	}{
		"all well":       {series: hw.Series{C: []float64{37, 37.0625, 37, 37.0625, 37, 37.0625}}, want: 37.03125},
		"one lost":       {series: hw.Series{C: []float64{37, 37, 37, 37, 37}, Failed: 1, Err: errBus}, want: 37},
		"one wild":       {series: hw.Series{C: []float64{37, 37, 85, 37, 37, 37}}, want: 37},
		"one NaN":        {series: hw.Series{C: []float64{math.NaN(), 37, 37, 37, 37, 37}}, want: 37},
		"half lost":      {series: hw.Series{C: []float64{37, 37, 37}, Failed: 3, Err: errBus}, want: 37},
		"most lost":      {series: hw.Series{C: []float64{37, 37}, Failed: 4, Err: errBus}, fails: true},
		"all NaN":        {series: hw.Series{C: []float64{math.NaN(), math.Inf(1), math.NaN(), math.NaN(), math.NaN(), math.NaN()}}, fails: true},
		"no two alike":   {series: hw.Series{C: []float64{20, 30, 40, 50, 60, 70}}, fails: true},
		"nothing at all": {series: hw.Series{Failed: 6, Err: errBus}, fails: true},
	} {
		got, err := meanC(test.series)
		if (err != nil) != test.fails || math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v °C, %v; want %v °C, failure %v", name, got, err, test.want, test.fails)
		}
		if test.series.Err != nil && err != nil && !errors.Is(err, errBus) {
			t.Errorf("%s: %v does not tell the cause", name, err)
		}
	}
}
