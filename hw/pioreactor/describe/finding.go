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
	Bad  Verdict = "bad"  // the unit cannot do its work on this board as it is
)

// Finding is one thing that was looked at.
type Finding struct {
	What     string  `json:"what"` // what was looked for
	Found    string  `json:"found"`
	Expected string  `json:"expected"`
	Verdict  Verdict `json:"verdict"`
	Do       string  `json:"do,omitempty"` // the next step, if there is one
	// Waits says that what is bad may pass by itself: the unit starts all the
	// same, with an alarm, and goes on when it has.
	Waits bool `json:"waits,omitempty"`
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

// Err is what keeps the unit from starting, nil when nothing does: what is bad
// and will not pass by itself.
func (f Findings) Err() error {
	var errs []error
	for _, one := range f {
		if one.Verdict == Bad && !one.Waits {
			errs = append(errs, fmt.Errorf("%s: %s; want %s; %s", one.What, one.Found, one.Expected, one.Do))
		}
	}
	return errors.Join(errs...)
}

func (f *Findings) ok(what, found, expected string) {
	*f = append(*f, Finding{What: what, Found: found, Expected: expected, Verdict: OK})
}

func (f *Findings) warn(what, found, expected, do string) {
	*f = append(*f, Finding{What: what, Found: found, Expected: expected, Verdict: Warn, Do: do})
}

func (f *Findings) bad(what, found, expected, do string) {
	*f = append(*f, Finding{What: what, Found: found, Expected: expected, Verdict: Bad, Do: do})
}

// silent is of a chip that may yet answer.
func (f *Findings) silent(what, found, expected, do string) {
	*f = append(*f, Finding{What: what, Found: found, Expected: expected, Verdict: Bad, Do: do, Waits: true})
}
