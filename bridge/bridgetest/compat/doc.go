// Package compat tests that clients of a Pioreactor 26.7.2 find in what a unit
// publishes what they know: the same topics, QoS and retain flags, and payloads
// that strict decoders read. The decoders are written from the contract, not
// with bridge/wire, and must read the recorded traffic of the real software too.
//
// It holds no code that runs outside tests. What differs on purpose is a list
// with reasons, of which docs/wire.md is made:
//
//	go test ./bridge/bridgetest/compat -run Differences -update
package compat
