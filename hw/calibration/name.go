package calibration

import "regexp"

var nameShape = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*( [A-Za-z0-9._-]+)*$`) // Pioreactor 26.7.2

const maxName = 250 // bytes; with ".yaml" it fits every file system

// nameRule is the rule that name breaks, or "". Names of devices, calibrations
// and estimators are parts of a path.
func nameRule(name string) string {
	if len(name) > maxName || !nameShape.MatchString(name) {
		return "must be 1 to 250 letters, digits, . _ - and single spaces, and start with a letter, a digit or _, for it names a file"
	}
	return ""
}

// CheckName reports what is wrong with the name of a device, a calibration or
// an estimator; field says which of them it is.
func CheckName(field, name string) error {
	if rule := nameRule(name); rule != "" {
		return &Problem{Field: field, Value: short(name), Rule: rule}
	}
	return nil
}
