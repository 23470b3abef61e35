//go:build !race

package automation_test

import "time"

// half of a challenged culture's life: it settles, then it counts.
const half = 24 * time.Hour
