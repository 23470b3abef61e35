package hw_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

func ExampleEdges_RPM() {
	before := hw.Edges{Count: 100, Last: 10 * time.Second}
	after := hw.Edges{Count: 110, Last: 11200 * time.Millisecond}
	fmt.Println(after.RPM(before))
	// Output: 500
}

func TestSpeedNeedsAWholeTimedRevolution(t *testing.T) {
	turning := hw.Edges{Count: 100, Last: 10 * time.Second}
	for name, c := range map[string][2]hw.Edges{
		"nothing yet":         {{}, {}},
		"the first edge":      {{}, {Count: 1, Last: time.Second}},
		"no new edge":         {turning, turning},
		"a count that fell":   {turning, {Count: 3, Last: 11 * time.Second}},
		"a clock that stands": {turning, {Count: 101, Last: 10 * time.Second}},
	} {
		if rpm := c[1].RPM(c[0]); rpm != 0 {
			t.Errorf("%s: %v rpm, want 0", name, rpm)
		}
	}
}
