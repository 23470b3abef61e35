//go:build race

package automation_test

import "time"

// half of a challenged culture's life; race instrumentation makes it ten times
// slower. So it is a shorter life, and a faster drift.
const (
	half  = 7 * time.Hour
	drift = 0.06
)

// thin is how many times fewer seeds are tried, for the same reason.
const thin = 3
