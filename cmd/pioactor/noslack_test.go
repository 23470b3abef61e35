//go:build soak || chaos

package main

import "time"

const slack time.Duration = 0 // the promises as they are
