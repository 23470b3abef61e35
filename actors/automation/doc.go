// Package automation holds the stock automations: turbidostat, chemostat and
// silent dose, thermostat and only_record_temperature keep warm. Each is written exactly as a user's is, against actors.Context
// and nothing else, so copy one to start your own.
//
// It refuses to know pumps and volumes: an automation asks for a dose, and the
// vial's ledger decides whether it fits and how much may flow in an hour. Nor
// does it measure or guard the heater: actors/temperature and the device do.
//
//	import _ "github.com/pioactor/pioactor/actors/automation" // registers them all
package automation

import "github.com/pioactor/pioactor/actors"

func init() {
	actors.Register(actors.Dosing, "turbidostat", NewTurbidostat)
	actors.Register(actors.Dosing, "chemostat", NewChemostat)
	actors.Register(actors.Dosing, "silent", func() actors.Automation { return Silent{} })
	actors.Register(actors.Temperature, "thermostat", NewThermostat)
	actors.Register(actors.Temperature, "only_record_temperature", NewOnlyRecord)
}

// Silent doses nothing: it fills the slot, so that nothing else does.
type Silent struct{}

// Receive implements actors.Job.
func (Silent) Receive(*actors.Context, any) error { return nil }
