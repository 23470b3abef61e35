// Package monitor is the job "monitor": the health of the computer itself. It
// belongs to the unit, whatever the experiment.
//
// It refuses to guess: what cannot be read is left out or 0, and the log says
// once why.
//
//	[monitor]
//	disk_path = "/var/lib/pioactor"
package monitor

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
)

func init() { actors.RegisterUniversal("monitor", New) }

const (
	interval = time.Minute

	lowGB, lowPercent     = 3.0, 5.0 // both below: the disk is nearly full; 3 GB is Pioreactor 26.7.2's
	spareGB, sparePercent = 3.3, 5.5 // either above: it is not any more
	hotC, cooledC         = 80.0, 75.0
)

// The alarms of this job. None is latched.
const (
	alarmDisk = "disk_low"
	alarmHot  = "cpu_hot"
)

// Monitor is the job.
//
// Takes: Tick, and what it reads from the machine.
// Sends: Computer every minute; the alarms disk_low and cpu_hot.
// Fails by: nothing; a machine that cannot be read is a line in the log.
type Monitor struct {
	ButtonDown bool   `toml:"button_down" set:"no"` // this release drives no button
	Versions   string `toml:"versions" set:"no" help:"JSON: app and machine"`
	DiskPath   string `toml:"disk_path" help:"a folder on the disk to watch, such as the data directory"`

	read    func(disk string) reading
	real    bool   // read looks at the real machine, of which a simulated past knows nothing
	reading bool   // one is under way
	trouble string // of the last reading, as logged
}

// reading is one look at the machine.
type reading struct {
	computer actors.Computer
	disk     bool   // the disk could be read
	machine  string // its model; empty when unknown
	app      string // version of this binary
	err      error  // whatever could not be read
}

// New is the job on the machine it runs on.
func New() actors.Job { return &Monitor{DiskPath: "/", Versions: "{}", read: readMachine, real: true} }

// Receive implements actors.Job.
func (m *Monitor) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		c.Every(interval)
		m.look(c)
	case actors.Tick:
		m.look(c)
	case reading:
		m.tell(c, msg)
	case actors.Stopping:
		c.Clear(alarmDisk)
		c.Clear(alarmHot)
	}
	return nil
}

// look reads the machine at the edge: a full or dying disk may take its time.
func (m *Monitor) look(c *actors.Context) {
	if m.reading || m.real && !c.System().Clock().IsLive() {
		return
	}
	m.reading = true
	read, disk := m.read, m.DiskPath
	c.Do(func() (any, time.Duration) { return read(disk), 0 })
}

func (m *Monitor) tell(c *actors.Context, r reading) {
	m.reading = false
	m.complain(c, r.err)
	m.version(c, r)
	c.Publish(r.computer)
	if r.disk {
		m.judgeDisk(c, r.computer)
	}
	judgeHeat(c, r.computer.CPUTemperatureC)
}

// complain logs what could not be read when that changes.
func (m *Monitor) complain(c *actors.Context, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != m.trouble && text != "" {
		c.Log().Warning("%s", text)
	}
	m.trouble = text
}

// version shows what is known, once; keys as in Pioreactor 26.7.2.
func (m *Monitor) version(c *actors.Context, r reading) {
	if m.Versions != "{}" {
		return
	}
	known := map[string]string{"app": r.app, "timestamp": c.Now().Format("2006-01-02T15:04:05.000Z")}
	if r.machine != "" {
		known["rpi_machine"] = r.machine
	}
	text, err := json.Marshal(known)
	if err != nil {
		c.Log().Error("versions: %v", err)
		return
	}
	m.Versions = string(text)
}

// judgeDisk raises and clears with a gap between, so that a value on the edge
// does not make the alarm flicker.
func (m *Monitor) judgeDisk(c *actors.Context, now actors.Computer) {
	switch {
	case now.DiskFreeGB < lowGB && now.DiskFreePercent < lowPercent:
		c.Raise(alarmDisk, "medium", fmt.Sprintf("the disk of %s is nearly full, under %v GB and %v %% are free: "+
			"when it is full, no inflow is dosed, because the vial's volume cannot be kept", m.DiskPath, lowGB, lowPercent), false)
	case now.DiskFreeGB > spareGB || now.DiskFreePercent > sparePercent:
		c.Clear(alarmDisk)
	}
}

func judgeHeat(c *actors.Context, celsius float64) {
	switch {
	case celsius > hotC:
		c.Raise(alarmHot, "low", fmt.Sprintf("the computer is hotter than %v °C and slows down: look at its ventilation", hotC), false)
	case celsius < cooledC:
		c.Clear(alarmHot)
	}
}
