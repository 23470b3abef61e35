package chip

import "sync/atomic"

// Counts is what has happened on a bus, or at one address of it.
type Counts struct {
	Transactions uint64 `json:"transactions"` // attempts that went over the wires
	Errors       uint64 `json:"errors"`       // of them: not answered
	Retries      uint64 `json:"retries"`
	Timeouts     uint64 `json:"timeouts"`    // outlived the deadline
	Busy         uint64 `json:"busy"`        // calls that never had the wires
	Implausible  uint64 `json:"implausible"` // answers that no such chip can give, and lost configurations
}

// Failures is how often something was wrong.
func (c Counts) Failures() uint64 { return c.Errors + c.Timeouts + c.Busy + c.Implausible }

func (c Counts) plus(d Counts) Counts {
	return Counts{
		c.Transactions + d.Transactions, c.Errors + d.Errors, c.Retries + d.Retries,
		c.Timeouts + d.Timeouts, c.Busy + d.Busy, c.Implausible + d.Implausible,
	}
}

// tally is Counts that many goroutines add to.
type tally struct{ transactions, errors, retries, timeouts, busy, implausible atomic.Uint64 }

func (t *tally) counts() Counts {
	return Counts{
		t.transactions.Load(), t.errors.Load(), t.retries.Load(),
		t.timeouts.Load(), t.busy.Load(), t.implausible.Load(),
	}
}

// Counts adds up all addresses since the bus was opened.
func (b *Bus) Counts() (sum Counts) {
	for address := range b.counts {
		sum = sum.plus(b.counts[address].counts())
	}
	return sum
}

// CountsAt is one address alone; looking for a chip counts too.
func (b *Bus) CountsAt(address uint16) Counts {
	if int(address) >= len(b.counts) {
		return Counts{}
	}
	return b.counts[address].counts()
}
