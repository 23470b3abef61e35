package describe

import (
	"fmt"
	"strings"
)

// Problem is one rule that a hardware file breaks.
type Problem struct {
	File  string
	Line  int    // from 1; 0 when unknown
	Field string // such as "pd1.address"; empty for the whole file
	Value string // what is there, shortened; empty when nothing is
	Rule  string // what must be there
	Next  string // what to do about it; empty: mend the file
}

// Error is one sentence with everything needed to mend the file.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Field != "" {
		b.WriteString(p.Field)
		if p.Value != "" {
			b.WriteString(" = " + p.Value)
		}
		b.WriteString(": ")
	}
	next := p.Next
	if next == "" {
		next = "mend it, or take the file away to have what is built in"
	}
	return b.String() + p.Rule + "; " + next
}
