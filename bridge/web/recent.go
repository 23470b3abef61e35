package web

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pioactor/pioactor/actors"
)

// recent remembers the latest facts for streams, and the latest log lines.
// Readers come with their own place, so that a slow one costs nobody anything.
type recent struct {
	boot     string
	maxFacts int
	maxLogs  int

	mu    sync.Mutex
	first uint64 // number of facts[0]
	facts []actors.Fact
	logs  []actors.Log
	news  chan struct{} // closed and replaced whenever something comes
}

func newRecent(boot string, maxFacts, maxLogs int) *recent {
	return &recent{boot: boot, maxFacts: maxFacts, maxLogs: maxLogs, first: 1, news: make(chan struct{})}
}

// add appends facts; gap is how many were lost before them, which readers see
// as missing numbers.
func (r *recent) add(facts []actors.Fact, gap uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if gap > 0 {
		r.first += uint64(len(r.facts)) + gap
		r.facts = nil
	}
	for _, f := range facts {
		if line, ok := f.(actors.Log); ok {
			r.logs = append(r.logs, line)
		}
	}
	r.facts = append(r.facts, facts...)
	if over := len(r.facts) - r.maxFacts; over > 0 {
		r.facts = slices.Delete(r.facts, 0, over)
		r.first += uint64(over)
	}
	if over := len(r.logs) - r.maxLogs; over > 0 {
		r.logs = slices.Delete(r.logs, 0, over)
	}
	close(r.news)
	r.news = make(chan struct{})
}

// end is the number the next fact will have.
func (r *recent) end() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first + uint64(len(r.facts))
}

// since returns the facts from number next on, the number of the first of
// them, how many before it are gone, and what to wait on for more.
func (r *recent) since(next uint64) (facts []actors.Fact, first, missed uint64, news <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.first + uint64(len(r.facts))
	first = min(max(next, r.first), end)
	if next < first {
		missed = first - next
	}
	return slices.Clone(r.facts[first-r.first:]), first, missed, r.news
}

// tail returns the last n log lines, oldest first.
func (r *recent) tail(n int) []actors.Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.logs[max(0, len(r.logs)-n):]
	return append([]actors.Log{}, lines...)
}

// id names fact number n over restarts of the node.
func (r *recent) id(n uint64) string { return r.boot + "." + strconv.FormatUint(n, 10) }

// after is where a stream goes on that has seen the fact called id; without a
// usable one it starts with what comes next.
func (r *recent) after(id string) uint64 {
	number, ok := strings.CutPrefix(id, r.boot+".")
	n, err := strconv.ParseUint(number, 10, 64)
	end := r.end()
	if !ok || err != nil || n >= end {
		return end
	}
	return n + 1
}
