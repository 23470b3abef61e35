package describe

import (
	"errors"
	"fmt"
)

// Verdict is how bad a finding is.
type Verdict string

// The verdicts.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn" // the unit runs; a person should know
	Bad  Verdict = "bad"  // the unit cannot run on this board as it is
)

// Finding is one thing that was looked at.
type Finding struct {
	What     string  `json:"what"` // what was looked for
	Found    string  `json:"found"`
	Expected string  `json:"expected"`
	Verdict  Verdict `json:"verdict"`
	Do       string  `json:"do,omitempty"` // the next step, if there is one
}

// Findings is all that was looked at, in the order in which it matters.
type Findings []Finding

// Worst is the gravest verdict.
func (f Findings) Worst() Verdict {
	worst := OK
	for _, one := range f {
		if one.Verdict == Bad || worst == OK {
			worst = one.Verdict
		}
		if worst == Bad {
			break
		}
	}
	return worst
}

// Err is what keeps the unit from running, nil when nothing does.
func (f Findings) Err() error {
	var errs []error
	for _, one := range f {
		if one.Verdict == Bad {
			errs = append(errs, fmt.Errorf("%s: %s; want %s; %s", one.What, one.Found, one.Expected, one.Do))
		}
	}
	return errors.Join(errs...)
}

func (f *Findings) ok(what, found, expected string) {
	*f = append(*f, Finding{what, found, expected, OK, ""})
}

func (f *Findings) warn(what, found, expected, do string) {
	*f = append(*f, Finding{what, found, expected, Warn, do})
}

func (f *Findings) bad(what, found, expected, do string) {
	*f = append(*f, Finding{what, found, expected, Bad, do})
}
