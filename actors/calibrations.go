package actors

import (
	"time"

	"github.com/pioactor/pioactor/hw/calibration"
)

// CalibrationActive is the calibration in force on a device, or that there is
// none: then Name is empty, and Problem says why if a file is at fault. A
// device without this fact never had one. Devices are those of Pioreactor: od45,
// od90, od135, media_pump, alt_media_pump, waste_pump, stirring, or a name of
// your own.
type CalibrationActive struct {
	Meta
	Device      string                  `json:"device"`
	Name        string                  `json:"name"`                 // of the file; empty: none is active
	Calibration calibration.Calibration `json:"calibration,omitzero"` // read only
	Problem     string                  `json:"problem,omitempty"`
}

// EstimatorActive is the estimator in force on a device, od_fused, as
// CalibrationActive is for a calibration.
type EstimatorActive struct {
	Meta
	Device    string                `json:"device"`
	Name      string                `json:"name"`
	Estimator calibration.Estimator `json:"estimator,omitzero"` // read only
	Problem   string                `json:"problem,omitempty"`
}

// The shelves of the actor "calibrations": what its commands are about.
const (
	Calibrations = "calibrations"
	Estimators   = "estimators"
)

// ListCalibrations asks the actor "calibrations" for every file of a shelf, or
// of one device; the reply's value is a []CalibrationFile without texts.
type ListCalibrations struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device,omitempty"` // empty: all
}

// ShowCalibration asks for one file; the reply's value is a CalibrationFile.
type ShowCalibration struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device"`
	Name   string `json:"name"`
}

// ImportCalibration adds a file under the name it gives itself. It is refused
// when it breaks a rule, does not fit the device, or the name is taken; it is
// not active until UseCalibration. The reply's value is a CalibrationFile.
type ImportCalibration struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device"`
	YAML   string `json:"yaml"` // at most calibration.MaxBytes
}

// UseCalibration makes a file the active one of its device; durable when answered.
type UseCalibration struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device"`
	Name   string `json:"name"`
}

// UnuseCalibration leaves a device without an active one.
type UnuseCalibration struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device"`
}

// DeleteCalibration removes a file for good; refused while it is active.
type DeleteCalibration struct {
	Shelf  string `json:"shelf"`
	Device string `json:"device"`
	Name   string `json:"name"`
}

// CalibrationFile is one file of a shelf.
type CalibrationFile struct {
	Shelf     string    `json:"shelf"`
	Device    string    `json:"device"`
	Name      string    `json:"name"`
	Active    bool      `json:"active"`
	Kind      string    `json:"kind,omitempty"` // calibration_type or estimator_type
	CreatedAt time.Time `json:"created_at,omitzero"`
	Unit      string    `json:"calibrated_on,omitempty"` // the Pioreactor it was made on
	Problem   string    `json:"problem,omitempty"`       // why it cannot be used
	YAML      string    `json:"yaml,omitempty"`          // of ShowCalibration
	Domain    Domain    `json:"domain,omitzero"`         // where it may be used
}

// Domain is a range of a calibration's x axis, from the least to the largest
// recorded x; of an estimator, the densities it was made for.
type Domain struct {
	Axis string  `json:"axis"` // "OD600", "Duration", "DC %" …; empty: no point was recorded, nothing bounds it
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// RetainKey implements Retained.
func (f CalibrationActive) RetainKey() string { return f.Device }

// RetainKey implements Retained.
func (f EstimatorActive) RetainKey() string { return f.Device }

// Vital implements Vital.
func (CalibrationActive) Vital() {}

// Vital implements Vital.
func (EstimatorActive) Vital() {}

func init() {
	Message[CalibrationActive]("calibration_active/1")
	Message[EstimatorActive]("estimator_active/1")
}
