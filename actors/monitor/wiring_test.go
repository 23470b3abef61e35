package monitor

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

func TestABusThatFailsTooOftenIsAnAlarm(t *testing.T) {
	m := boot(t, 1, fine())
	read := protocol.HealthRead{Known: true}
	board := fake{answer: func() any { return read }}
	if err := m.sys.Start(actors.Spec{Name: "devices", New: func() actors.Job { return board }}); err != nil {
		t.Fatal(err)
	}
	tried, failed := uint64(0), uint64(0)
	for i, step := range []struct {
		tried, failed uint64
		trouble       string
		bus, stuck    bool
	}{
		{tried: 1000, failed: 5},
		{tried: 1000, failed: 2},
		{tried: 50, failed: 2}, // a share of 4 %, but only two
		{tried: 1000, failed: 11, bus: true},
		{tried: 1000, failed: 8, bus: true}, // between the limits it stays
		{tried: 1000, failed: 4},
		{tried: 3, failed: 3, trouble: "I2C1 hangs", bus: true, stuck: true},
		{},
	} {
		tried, failed = tried+step.tried, failed+step.failed
		read.Health = hw.Health{Parts: []hw.PartHealth{{Name: "tmp1075 at 0x4f on I2C1", Tried: tried, Failed: failed}}, Trouble: step.trouble}
		m.clk.Run(time.Minute)
		for name, want := range map[string]bool{alarmBus: step.bus, alarmTrouble: step.stuck} {
			if a, _ := actors.LatestOf[actors.Alarm](m.sys, name); a.Active != want {
				t.Errorf("minute %d: %s is %v, want %v", i, name, a.Active, want)
			}
		}
	}
}
