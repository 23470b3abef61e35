package monitor

import (
	"fmt"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// Shares of a minute's exchanges with a chip that fail. A bus glitches now and
// then, which retries hide; more than that is a plug that sits badly, or a chip
// that dies. Between the two the alarm stays as it is.
const (
	badShare, fewestBad = 0.01, 3 // failures, and so many at least
	fineShare           = 0.005
)

// judgeWiring looks at what the board has counted since the last look.
func (m *Monitor) judgeWiring(c *actors.Context, read protocol.HealthRead) {
	if !read.Known {
		return
	}
	var bad []string
	fine, now := true, map[string]hw.PartHealth{}
	for _, p := range read.Health.Parts {
		now[p.Name] = p
		before := m.counts[p.Name]
		if before.Tried > p.Tried || before.Failed > p.Failed {
			before = hw.PartHealth{} // another board, or opened anew
		}
		tried, failed := float64(p.Tried-before.Tried), float64(p.Failed-before.Failed)
		if failed >= fewestBad && failed > badShare*tried {
			bad = append(bad, p.Name)
			c.Log().Warning("%s: %.0f failures in %.0f exchanges since the last look", p.Name, failed, tried)
		}
		fine = fine && failed <= fineShare*tried
	}
	m.counts = now
	judge(c, alarmBus, "medium", len(bad) > 0, fine, fmt.Sprintf(
		"more than %.0f %% of what goes to and from %s fails: readings may be missing or, of the speed, wrong, and lights may not be what they are said to be. See that the HAT sits firmly; the log has the counts",
		100*badShare, strings.Join(bad, ", ")))
	judge(c, alarmTrouble, "high", read.Health.Trouble != "", read.Health.Trouble == "",
		"an output may not be what it is said to be: "+read.Health.Trouble)
}
