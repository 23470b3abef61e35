//go:build race

package automation_test

import "time"

// half of a challenged culture's life; race instrumentation makes it ten times slower.
const half = 12 * time.Hour
