package calibration

import (
	"fmt"
	"strings"
)

// Fits reports why c cannot be the calibration of device. A device named od and
// an angle takes that angle, one that ends in _pump a pump, stirring the
// stirrer; another name takes anything.
func (c Calibration) Fits(device string) error {
	angle, od := strings.CutPrefix(device, "od")
	optical := c.Kind == OD || c.Kind == OD600
	switch {
	case device == FusedDevice:
		return misfit("calibration_type", c.Kind, device, "takes an estimator, no calibration")
	case od && !optical:
		return misfit("calibration_type", c.Kind, device, "takes od or od600")
	case od && angle != "" && angle != c.Angle:
		return misfit("angle", c.Angle, device, fmt.Sprintf("takes angle %q", angle))
	case strings.HasSuffix(device, "_pump") && c.Kind != Pump:
		return misfit("calibration_type", c.Kind, device, "takes "+Pump)
	case device == "stirring" && c.Kind != Stirring:
		return misfit("calibration_type", c.Kind, device, "takes "+Stirring)
	}
	return nil
}

// FusedDevice is the device of the ODFused estimator.
const FusedDevice = "od_fused"

// Fits reports why e cannot be the estimator of device.
func (e Estimator) Fits(device string) error {
	if device != FusedDevice {
		return misfit("estimator_type", e.Kind, device, "takes no estimator; "+FusedDevice+" does")
	}
	return nil
}

func misfit(field, value, device, rule string) error {
	return &Problem{Field: field, Value: short(value), Rule: "the device " + device + " " + rule}
}
