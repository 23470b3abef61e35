// Package automation holds the stock automations. For dosing: turbidostat,
// chemostat, fed_batch, morbidostat, pid_morbidostat and silent. For LEDs:
// light_dark_cycle and silent. For the temperature: thermostat and
// only_record_temperature. Each is written exactly as a user's is, against
// actors.Context and nothing else, so copy one to start your own. What several
// need is one mechanism each: rhythm for runs that outlive restarts, Biomass
// for the culture's density, input for readings that may go stale.
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
	actors.Register(actors.Dosing, "fed_batch", NewFedBatch)
	actors.Register(actors.Dosing, "morbidostat", NewMorbidostat)
	actors.Register(actors.Dosing, "pid_morbidostat", NewPIDMorbidostat)
	actors.Register(actors.Dosing, "silent", func() actors.Automation { return Silent{} })
	actors.Register(actors.LED, "light_dark_cycle", NewLightDarkCycle)
	actors.Register(actors.LED, "silent", func() actors.Automation { return Silent{} })
	actors.Register(actors.Temperature, "thermostat", NewThermostat)
	actors.Register(actors.Temperature, "only_record_temperature", NewOnlyRecord)
}

// Silent does nothing: it fills its family's slot, so that nothing else does.
type Silent struct{}

// Receive implements actors.Job.
func (Silent) Receive(*actors.Context, any) error { return nil }
