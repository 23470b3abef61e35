//go:build !race

package mqtt_test

import "time"

// slack is for the scheduler of a busy machine, not for the session.
const slack = 500 * time.Millisecond
