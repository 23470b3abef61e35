// Package monitor is the job "monitor": the health of the computer and of the
// board itself, looked at every minute, and the unit's face, its button and
// status LED. It belongs to the unit, whatever the experiment.
//
// It refuses to guess: what cannot be read is left out or 0, and the log says
// once why.
//
//	[monitor]
//	disk_path = "/var/lib/pioactor"
package monitor

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

func init() { actors.RegisterUniversal("monitor", New) }

const (
	interval     = time.Minute
	nothingKnown = ""
)

// Monitor is the job.
//
// Takes: Tick, what it reads from the machine and the devices; Identify,
// BlinkError; protocol.Button, protocol.Board, Alarm.
// Sends: Computer and RailVoltage every minute, the alarms of health.go, its
// JobState once more when the button is pressed or somebody asks for a sign;
// to "statusled" the codes of the alarms that are on.
// Fails by: nothing; a machine that cannot be read is a line in the log.
type Monitor struct {
	ButtonDown bool   `toml:"button_down" set:"no"`
	Versions   string `toml:"versions" set:"yes" help:"JSON: app, hat, firmware, hat_serial, rpi_machine; keys that are set stand over what the unit finds"`
	IPv4       string `toml:"ipv4" set:"no"`
	WLANMAC    string `toml:"wlan_mac_address" set:"no"`
	EthMAC     string `toml:"eth_mac_address" set:"no"`
	DiskPath   string `toml:"disk_path" help:"a folder on the disk to watch, such as the data directory"`

	read    func(disk string) reading
	real    bool              // read looks at the real machine, of which a simulated past knows nothing
	reading bool              // one is under way
	trouble map[string]string // of the last look, by what was looked at, as logged
	found   versions          // what the unit knows of itself
	given   versions          // what somebody set over it
	presses uint64

	connected bool          // there was a network since the start
	ahead     time.Duration // the wall clock over the steady one, when last looked at
	looked    bool
	jumpedAt  time.Duration // on Mono

	counts map[string]hw.PartHealth // of the last look, by name
}

// reading is one look at the machine.
type reading struct {
	computer actors.Computer
	disk     bool   // the disk could be read
	machine  string // its model; empty when unknown
	app      string // version of this binary
	network  network
	sync     sync
	err      error // whatever could not be read
}

// New is the job on the machine it runs on.
func New() actors.Job {
	return &Monitor{DiskPath: "/", Versions: nothingKnown, read: readMachine, real: true, trouble: map[string]string{},
		IPv4: notAvailable, WLANMAC: notAvailable, EthMAC: notAvailable}
}

// Receive implements actors.Job.
func (m *Monitor) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return m.start(c)
	case actors.Tick:
		m.look(c)
	case reading:
		return m.tell(c, msg)
	case protocol.RailRead:
		m.judgeRail(c, msg)
	case protocol.TemperatureRead:
		judgeBoard(c, msg)
	case protocol.HealthRead:
		m.judgeWiring(c, msg)
	case protocol.Board:
		return m.board(c, msg.Info)
	case protocol.Button:
		m.button(c, msg)
	case actors.Alarm:
		if codes[msg.Name] > 0 {
			m.show(c)
		}
	case actors.Command:
		return m.command(c, msg)
	case actors.SettingsChanged:
		return m.merge(c)
	case actors.Stopping:
		for _, name := range alarms {
			c.Clear(name)
		}
	}
	return nil
}

func (m *Monitor) start(c *actors.Context) error {
	if m.Versions != nothingKnown {
		if err := m.merge(c); err != nil {
			return err
		}
	}
	actors.Subscribe[actors.Alarm](c)
	actors.Subscribe[protocol.Button](c)
	actors.Subscribe[protocol.Board](c)
	c.Every(interval)
	m.look(c)
	if b, _, known := actors.Latest[protocol.Board](c, ""); known {
		return m.board(c, b.Info)
	}
	return nil
}

func (m *Monitor) board(c *actors.Context, info hw.Info) error {
	found := m.found
	found.HAT, found.Firmware, found.HATSerial = info.HAT, info.Firmware, info.HATSerial
	return m.know(c, found)
}

// button says once more that this unit is there when it is pressed. The same
// fact may come twice.
func (m *Monitor) button(c *actors.Context, b protocol.Button) {
	m.ButtonDown = b.Down
	if b.Presses > m.presses && b.Down {
		m.sayState(c)
	}
	m.presses = b.Presses
}

// sayState publishes the state again, unchanged. Source: Pioreactor 26.7.2.
func (m *Monitor) sayState(c *actors.Context) {
	c.Publish(actors.JobState{Job: c.Name(), State: c.State(), From: c.State()})
}

func (m *Monitor) command(c *actors.Context, cmd actors.Command) error {
	blink := protocol.BlinkOnce{}
	switch body := cmd.Body.(type) {
	case actors.Identify:
	case actors.BlinkError:
		if body.Code < 1 || body.Code > 8 {
			return actors.Refuse("out_of_range", "error code: want 1 to 8, got %d", body.Code)
		}
		blink.Code = body.Code
	default:
		return actors.Refuse("unknown_command", "monitor: cannot %T", cmd.Body)
	}
	if !c.Tell("statusled", blink) {
		return actors.Refuse("not_fitted", "this unit has no status LED that could blink")
	}
	if blink.Code == 0 {
		m.sayState(c)
	}
	return nil
}

// look reads the machine at the edge: a full or dying disk may take its time.
func (m *Monitor) look(c *actors.Context) {
	m.judgeClock(c)
	m.show(c)
	c.Tell("rail", protocol.ReadRail{})
	c.Tell("devices", protocol.ReadHealth{})
	c.Tell("thermometer", protocol.ReadTemperature{})
	if m.reading || m.real && !c.System().Clock().IsLive() {
		return
	}
	m.reading = true
	read, disk := m.read, m.DiskPath
	c.Do(func() (any, time.Duration) { return read(disk), 0 })
}

func (m *Monitor) tell(c *actors.Context, r reading) error {
	m.reading = false
	m.complain(c, "machine", r.err)
	c.Publish(r.computer)
	if r.disk {
		m.judgeDisk(c, r.computer)
	}
	judgeMachine(c, r.computer)
	m.IPv4, m.WLANMAC, m.EthMAC = r.network.ipv4, r.network.wlanMAC, r.network.ethMAC
	m.judgeNetwork(c, r.network.ipv4)
	judgeSync(c, r.sync)
	found := m.found
	found.App, found.Machine = r.app, r.machine
	return m.know(c, found)
}

// complain logs what could not be read when that changes.
func (m *Monitor) complain(c *actors.Context, what string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != m.trouble[what] && text != "" {
		c.Log().Warning("%s", text)
	}
	m.trouble[what] = text
}
