package hw

import (
	"fmt"
	"slices"
	"strings"
)

// HeatLimits are temperatures of the heater's board, ascending, in °C.
type HeatLimits struct {
	ReduceC   float64 // above it there is less and less heat; no target lies above it
	DisableC  float64 // above it there is none, until a person has looked
	ShutdownC float64 // above it only cutting the power helps
}

// CautiousHeat is the strictest of all models: for a board nobody knows.
var CautiousHeat = HeatLimits{ReduceC: 63, DisableC: 65, ShutdownC: 66}

// models are Pioreactor's vials, of each name the newest version last.
// Source: Pioreactor 26.7.2, models.py.
var models = []Info{
	{Model: "pioreactor_20ml", Version: "1.0", CapacityML: 20, MaxFillML: 18, Heat: CautiousHeat},
	{Model: "pioreactor_20ml", Version: "1.1", CapacityML: 20, MaxFillML: 18, Heat: usualHeat},
	{Model: "pioreactor_20ml", Version: "1.5", CapacityML: 20, MaxFillML: 18, Heat: usualHeat},
	{Model: "pioreactor_20ml_XR", Version: "1.5", CapacityML: 20, MaxFillML: 18, Heat: usualHeat},
	{Model: "pioreactor_40ml", Version: "1.0", CapacityML: 40, MaxFillML: 36, Heat: usualHeat},
	{Model: "pioreactor_40ml", Version: "1.5", CapacityML: 40, MaxFillML: 36, Heat: usualHeat},
	{Model: "pioreactor_40ml_XR", Version: "1.5", CapacityML: 40, MaxFillML: 36, Heat: usualHeat},
}

var usualHeat = HeatLimits{ReduceC: 78, DisableC: 80, ShutdownC: 85}

// Model describes a vial by the name and version of its model; with an empty
// version, by the newest of that name.
func Model(name, version string) (Info, error) {
	var names, versions []string
	for _, m := range slices.Backward(models) {
		if m.Model == name && (version == "" || m.Version == version) {
			return m, nil
		}
		if m.Model == name {
			versions = append(versions, m.Version)
		}
		if !slices.Contains(names, m.Model) {
			names = append(names, m.Model)
		}
	}
	slices.Sort(names)
	slices.Sort(versions)
	if versions != nil {
		return Info{}, fmt.Errorf("hw: model %s has no version %q: must be one of %s", name, version, strings.Join(versions, ", "))
	}
	return Info{}, fmt.Errorf("hw: model %q: must be one of %s", name, strings.Join(names, ", "))
}
