//go:build !race

package automation_test

import "time"

// half of a challenged culture's life: it settles, then it counts.
const (
	half  = 24 * time.Hour
	drift = 0.03 // of ln IC50 for each generation
)

// thin is how many times fewer seeds are tried: none is left out.
const thin = 1
