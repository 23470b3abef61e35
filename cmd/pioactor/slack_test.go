//go:build !soak && !chaos

package main

import "time"

// slack is for a gate that runs beside other tests; the long suites run alone
// and allow none.
const slack = 3 * time.Second
