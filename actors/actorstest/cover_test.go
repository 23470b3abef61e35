package actorstest_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// matrix counts what was met in a campaign, by row and column.
type matrix struct {
	rows, columns []string
	n             map[[2]string]int
}

func (m *matrix) count(row, column string) {
	if m.n == nil {
		m.n = map[[2]string]int{}
	}
	m.n[[2]string{row, column}]++
}

// String is a compact table.
func (m *matrix) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-18s", "")
	for _, c := range m.columns {
		fmt.Fprintf(&b, "%13s", c)
	}
	for _, r := range m.rows {
		fmt.Fprintf(&b, "\n%-18s", r)
		for _, c := range m.columns {
			fmt.Fprintf(&b, "%13d", m.n[[2]string{r, c}])
		}
	}
	return b.String()
}

// missing are the cells that were never met and are not in but, such as "init wake".
func (m *matrix) missing(but ...string) (cells []string) {
	for _, r := range m.rows {
		for _, c := range m.columns {
			if cell := r + " " + c; m.n[[2]string{r, c}] == 0 && !slices.Contains(but, cell) {
				cells = append(cells, cell)
			}
		}
	}
	return cells
}

// coverage is what the campaigns of this process met: moves of jobs, events by
// the state of the job they hit, and events by what the liquid was doing.
type coverage struct{ moves, jobs, doses matrix }

func newCoverage() *coverage {
	states := []string{"none", "init", "ready", "sleeping", "disconnected", "lost"}
	return &coverage{
		moves: matrix{rows: states, columns: states[1:]},
		jobs:  matrix{rows: states, columns: []string{"start", "sleep", "wake", "stop", "set", "set badly", "crash", "pause", "resume", "power cut"}},
		doses: matrix{rows: []string{"idle", "waiting", "between", "running", "owed", "paused"},
			columns: []string{"dose", "repeat", "stop", "correct", "disk full", "pause", "resume", "crash", "power cut", "swap"}},
	}
}

var cover = newCoverage()

func (c *coverage) String() string {
	return fmt.Sprintf("jobs, from and to:\n%v\njobs, state and event:\n%v\ndoses, state and event:\n%v", &c.moves, &c.jobs, &c.doses)
}

func orNone(s actors.State) string {
	if s == "" {
		return "none"
	}
	return string(s)
}

// flow is what the liquid is doing.
func (a *audit) flow() string {
	t := a.h.Board.Truth()
	switch {
	case a.pause:
		return "paused"
	case a.waiting():
		return "waiting"
	case len(a.open) > 0 && (inflowOn(t) || t.Pumps[2].On):
		return "running"
	case len(a.open) > 0:
		return "between"
	case a.vial.OwedWasteML > 1e-6:
		return "owed"
	}
	return "idle"
}

// waiting reports that a dose was accepted and has not begun.
func (a *audit) waiting() bool {
	for id := range a.taken {
		if a.begun[id] == 0 && a.ended[id] == 0 && a.wishes[id].boot == a.boot {
			return true
		}
	}
	return false
}

// hit counts an event that hits a job.
func (a *audit) hit(job, event string) { cover.jobs.count(orNone(a.state[job]), event) }

// met counts an event that hits the liquid.
func (a *audit) met(event string) { cover.doses.count(a.flow(), event) }
