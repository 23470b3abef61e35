//go:build !race

package actorstest_test

const raceEnabled = false
