package monitor

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// Limits. Between each pair an alarm stays as it is, so that a value on the
// edge does not make it flicker.
const (
	lowGB, lowPercent     = 3.0, 5.0 // both below: the disk is nearly full; 3 GB is Pioreactor 26.7.2's
	spareGB, sparePercent = 3.3, 5.5 // either above: it is not any more
	hotC, cooledC         = 80.0, 75.0
	lowMB, spareMB        = 50.0, 80.0
	sagV, steadyV         = 4.80, 4.90 // 4.80 V is Pioreactor 26.7.2's
	boardC, boardCooledC  = 65.0, 60.0 // of the heater's board with nobody heating; Pioreactor 26.7.2

	jump         = 10 * time.Second // of the wall clock against the steady one, between two looks
	jumpToldFor  = time.Hour
	syncPatience = 15 * time.Minute // a network may take its time after a boot
	firstYear    = 2024             // before it, no clock of a running pioactor is right
)

// The alarms of this job. None is latched.
const (
	alarmDisk     = "disk_low"
	alarmHot      = "cpu_hot"
	alarmMemory   = "memory_low"
	alarmNetwork  = "network_down"
	alarmVoltage  = "voltage_low"
	alarmBoard    = "heater_board_hot"
	alarmClock    = "clock_wrong"
	alarmJump     = "clock_jumped"
	alarmUnsynced = "clock_unsynchronised"
	alarmBus      = "bus_errors"
	alarmTrouble  = "board_trouble"
)

var alarms = []string{alarmDisk, alarmHot, alarmMemory, alarmNetwork, alarmVoltage, alarmBoard, alarmClock, alarmJump, alarmUnsynced, alarmBus, alarmTrouble}

// judge raises name when bad, clears it when good, and else leaves it.
func judge(c *actors.Context, name, priority string, bad, good bool, text string) {
	switch {
	case bad:
		c.Raise(name, priority, text, false)
	case good:
		c.Clear(name)
	}
}

func (m *Monitor) judgeDisk(c *actors.Context, now actors.Computer) {
	judge(c, alarmDisk, "medium", now.DiskFreeGB < lowGB && now.DiskFreePercent < lowPercent,
		now.DiskFreeGB > spareGB || now.DiskFreePercent > sparePercent,
		fmt.Sprintf("the disk of %s is nearly full, under %v GB and %v %% are free: "+
			"when it is full, no inflow is dosed, because the vial's volume cannot be kept", m.DiskPath, lowGB, lowPercent))
}

func judgeMachine(c *actors.Context, now actors.Computer) {
	judge(c, alarmHot, "low", now.CPUTemperatureC > hotC, now.CPUTemperatureC < cooledC,
		fmt.Sprintf("the computer is hotter than %v °C and slows down: look at its ventilation", hotC))
	if now.MemoryMB > 0 {
		judge(c, alarmMemory, "medium", now.MemoryMB < lowMB, now.MemoryMB > spareMB,
			fmt.Sprintf("less than %v MB of memory are left: end other programs on this computer, or it may end this one", lowMB))
	}
}

// judgeNetwork misses only a network that was there: a unit may live without one.
func (m *Monitor) judgeNetwork(c *actors.Context, ipv4 string) {
	up := ipv4 != notAvailable
	judge(c, alarmNetwork, "low", m.connected && !up, up,
		"the network is gone, this computer has no address any more: control goes on, nobody outside can watch")
	m.connected = m.connected || up
}

// judgeRail asks the rail and the computer's own flag: 4.8 V alone may be a
// long cable, but not when the flag agrees or cannot be read.
func (m *Monitor) judgeRail(c *actors.Context, r protocol.RailRead) {
	if errors.Is(r.Err, hw.ErrAbsent) {
		return
	}
	m.complain(c, "rail", r.Err)
	if r.Err != nil {
		return
	}
	s := r.Supply
	c.Publish(actors.RailVoltage{Volts: math.Round(s.Volts*20) / 20})
	flagged := s.Sagging || !s.Known
	judge(c, alarmVoltage, "high", s.Volts <= sagV && flagged, s.Volts >= steadyV || !flagged,
		fmt.Sprintf("the supply has sunk to %v V or less: pumps and stirrer are weaker than calibrated. Use a stronger power supply and a shorter cable", sagV))
}

// judgeBoard is a second pair of eyes on the heater, for when nobody else looks.
func judgeBoard(c *actors.Context, r protocol.TemperatureRead) {
	if r.Err != nil {
		return // an absent or failing thermometer is the temperature automation's affair
	}
	state, _, _ := actors.Latest[actors.JobState](c, string(actors.Temperature))
	watched := alive(state.State)
	judge(c, alarmBoard, "high", r.TemperatureC >= boardC && !watched, r.TemperatureC < boardCooledC || watched,
		fmt.Sprintf("the heater's board is at %v °C or more and nobody is heating: cut the power of this unit", boardC))
}

func alive(s actors.State) bool {
	return s == actors.Init || s == actors.Ready || s == actors.Sleeping
}

// judgeClock compares the wall clock with the steady one. Control does not use
// the wall clock, but records and profiles do.
func (m *Monitor) judgeClock(c *actors.Context) {
	year := c.Now().Year()
	judge(c, alarmClock, "medium", year < firstYear, year >= firstYear,
		fmt.Sprintf("the clock says it is the year %d: readings are filed under wrong times. Set the clock, or connect the network", year))
	if moved := m.moved(c.Now(), c.Mono()); moved != 0 {
		m.jumpedAt = c.Mono()
		c.Raise(alarmJump, "low", fmt.Sprintf("the clock was set by %v: records before and after do not fit together; control is not affected", moved.Round(time.Second)), false)
	} else if c.Mono()-m.jumpedAt >= jumpToldFor {
		c.Clear(alarmJump)
	}
}

// moved is how far the wall clock was set since the last look; 0 for less than jump.
func (m *Monitor) moved(wall time.Time, mono time.Duration) time.Duration {
	ahead := time.Duration(wall.UnixNano()) - mono
	moved, first := ahead-m.ahead, !m.looked
	m.ahead, m.looked = ahead, true // a slow drift is nobody's doing
	if first || moved.Abs() <= jump {
		return 0
	}
	return moved
}

// judgeSync is about a clock that nobody keeps right.
func judgeSync(c *actors.Context, s sync) {
	judge(c, alarmUnsynced, "low", s == drifting && c.Mono() > syncPatience, s == synced,
		"the clock has not been synchronised since the computer started: times in records may be off. Connect the network, or set the clock")
}
