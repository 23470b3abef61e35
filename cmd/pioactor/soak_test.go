//go:build soak

package main

import "testing"

func TestSoakBrokerRestarts(t *testing.T) { restartBrokers(t, 100) }
