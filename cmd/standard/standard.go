// Package standard is what a stock pioactor knows: importing it registers the
// jobs and automations of the house. It holds nothing itself, so that a binary
// of your own may import only some of these rooms, and yours beside them.
//
//	import _ "github.com/pioactor/pioactor/cmd/standard"
//
// It refuses names that are taken: what you register under one of these names
// panics at the start.
package standard

import (
	_ "github.com/pioactor/pioactor/actors/automation" // the stock automations for dosing, LEDs and temperature
	_ "github.com/pioactor/pioactor/actors/growth"     // growth_rate_calculating
	_ "github.com/pioactor/pioactor/actors/monitor"    // monitor
	_ "github.com/pioactor/pioactor/actors/od"         // od_reading
	_ "github.com/pioactor/pioactor/actors/selftest"   // self_test
	_ "github.com/pioactor/pioactor/actors/stirring"   // stirring
)
