package wire

import (
	"fmt"
	"time"
)

const (
	microLayout = "2006-01-02T15:04:05.000000Z" // structs
	milliLayout = "2006-01-02T15:04:05.000Z"    // logs, monitor, assignment
)

// FormatMicro writes t as Pioreactor's structs do: UTC, six digits of which the
// last three are zero, since its clock counts milliseconds.
func FormatMicro(t time.Time) string {
	return t.UTC().Truncate(time.Millisecond).Format(microLayout)
}

// FormatMilli writes t as Pioreactor's logs do: UTC, three digits.
func FormatMilli(t time.Time) string { return t.UTC().Format(milliLayout) }

// ParseTime reads any RFC 3339 time with a zone and up to nine digits of
// fraction; Pioreactor writes none when the fraction is zero.
func ParseTime(text string) (time.Time, error) {
	var t time.Time
	if len(text) > 40 {
		return t, fmt.Errorf("wire: time of %d characters", len(text))
	}
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return time.Time{}, fmt.Errorf("wire: time %q: want RFC 3339 with a zone, such as %s", text, milliLayout)
	}
	return t.UTC(), nil
}

// validYear keeps a broken clock from writing a five-digit year.
func validYear(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 0 && year <= 9999
}
