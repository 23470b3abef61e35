package actorstest_test

import "testing"

func TestTry(t *testing.T) {
	for _, sig := range []string{"normalized_od", "od"} {
		for _, noise := range []float64{.006, .016,.02, .033} {
			x := density{sig, 1, 1, noise, 0.15, 8, 1}
			t.Logf("%v: %+v", x, x.live(t))
		}
	}
	x := density{"normalized_od", 1, 0, 0.006, 0.15, 8, 1}
	t.Logf("%v: %+v", x, x.live(t))
}
