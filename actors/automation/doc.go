// Package automation holds the stock dosing automations: turbidostat, chemostat
// and silent. Each is written exactly as a user's is, against actors.Context
// and nothing else, so copy one to start your own.
//
// It refuses to know pumps and volumes: an automation asks for a dose, and the
// vial's ledger decides whether it fits and how much may flow in an hour.
//
//	import _ "github.com/pioactor/pioactor/actors/automation" // registers all three
package automation

import "github.com/pioactor/pioactor/actors"

func init() {
	actors.Register(actors.Dosing, "turbidostat", NewTurbidostat)
	actors.Register(actors.Dosing, "chemostat", NewChemostat)
	actors.Register(actors.Dosing, "silent", func() actors.Automation { return Silent{} })
}

// Silent doses nothing: it fills the slot, so that nothing else does.
type Silent struct{}

// Receive implements actors.Job.
func (Silent) Receive(*actors.Context, any) error { return nil }
