//go:build race

package mqtt_test

import "time"

// slack is added to promises in time under the race detector.
const slack = 4 * time.Second
