//go:build race

package actorstest

const RaceEnabled = true
