// Package device is what stands between the actors and the hardware: one actor
// for each device, and the OD window that keeps them quiet while light is
// measured. They are spawned below one actor, "devices", the only owner of the
// board; whoever uses it first of all, such as the vial, is spawned there too.
//
// It refuses to drive anything without a lease: a value, an owner and an end.
// Whatever is driven goes safe when its lease ends, when its owner fails, and
// when the device's own actor fails. It refuses to heat what it cannot measure.
//
//	node := unit.Node(device.Spec(board, device.DefaultConfig()), …)
//	c.Tell("stirrer", protocol.Drive{Output: protocol.Stirrer, Percent: 30, For: 20 * time.Second, Owner: c.Name()})
package device

import (
	"errors"
	"fmt"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// Names of the actors below "devices".
const (
	devicesName     = "devices"
	ledsName        = "leds"
	pumpsName       = "pumps"
	stirrerName     = "stirrer"
	adcName         = "adc"
	tachometerName  = "tachometer"
	heaterName      = "heater"
	thermometerName = "thermometer"
	windowName      = "window"
	railName        = "rail"
	statusLEDName   = "statusled"
	buttonName      = "button"
)

// Spec is the actor "devices": it owns the board, makes it safe before anything
// else, and spawns an actor for each device, and then others. Each is restarted
// on its own.
func Spec(board hw.Board, cfg Config, others ...actors.Spec) actors.Spec {
	return actors.Spec{Name: devicesName, New: func() actors.Job {
		return &devices{board: board, cfg: cfg, others: others}
	}}
}

// children are the devices' actors in the order they are spawned.
func children(board hw.Board, cfg Config) ([]actors.Spec, error) {
	leds, err := ledSpec(board, cfg)
	pumps, pumpErr := pumpSpec(board, cfg)
	heater, heaterErr := heaterSpec(board, cfg)
	panel, panelErr := panelSpecs(board)
	if err := errors.Join(err, pumpErr, heaterErr, panelErr); err != nil {
		return nil, err
	}
	return append(panel,
		stirrerSpec(board, cfg), leds, pumps, adcSpec(board), tachometerSpec(board), railSpec(board), thermometerSpec(board), heater,
		windowSpec(cfg)), nil
}

// panelSpecs are the status LED and the button, where they are fitted.
func panelSpecs(board hw.Board) (specs []actors.Spec, err error) {
	light, lightErr := board.StatusLED()
	if lightErr == nil {
		specs = append(specs, statusLEDSpec(light))
	}
	push, pushErr := board.Button()
	if pushErr == nil {
		specs = append(specs, buttonSpec(push))
	}
	for _, e := range []error{lightErr, pushErr} {
		if e != nil && !errors.Is(e, hw.ErrAbsent) {
			err = errors.Join(err, fmt.Errorf("devices: panel: %w", e))
		}
	}
	return specs, err
}

// devices is the root of the hardware.
//
// Takes: ChildState of the devices, OwnerGone, protocol.ReadHealth. Sends: HealthRead; Ping to them, where somebody
// wants to know whether they are alive. It is ready when they are.
// A board of which a chip does not answer is an alarm: the device whose chip it is
// tries until it does, and the others do their work.
// Fails by: a config that does not fit the board.
type devices struct {
	board   hw.Board
	cfg     Config
	others  []actors.Spec
	waiting map[string]bool // children that have not started yet
	names   []string        // of the children
	roll    actors.Roll
	unsafe  map[string]bool // outputs that do not obey
}

// Receive implements actors.Job.
func (d *devices) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return d.start(c)
	case actors.ChildState:
		d.settled(c, msg.Name)
	case obeys:
		d.heed(c, msg)
	case actors.Tick:
		d.callRoll(c)
	case protocol.ReadHealth:
		c.Answer(d.health())
	case actors.Reply, actors.OwnerGone:
		if d.roll.Heard(msg) {
			d.beat(c)
		}
	case actors.Stopping:
		return d.board.Halt()
	}
	return nil
}

func (d *devices) start(c *actors.Context) error {
	d.unsafe = map[string]bool{}
	if err := d.board.Halt(); err != nil {
		c.Raise("board_failed", "high", fmt.Sprintf("Not every output can be made safe: %v. It is tried again and again; if it stays so, cut the power.", err), false)
	}
	if err := d.cfg.Validate(); err != nil {
		return fmt.Errorf("devices: %w", err)
	}
	specs, err := children(d.board, d.cfg)
	if err != nil {
		return err
	}
	c.Publish(protocol.Board{Info: d.board.Info(), IRLED: d.cfg.IRChannel})
	c.HoldInit()
	d.waiting = map[string]bool{}
	for _, spec := range append(specs, d.others...) {
		d.waiting[spec.Name] = true
		d.names = append(d.names, spec.Name)
		if err := c.Spawn(spec); err != nil {
			return err
		}
	}
	d.watchOver(c)
	return nil
}

// health is what the board counts, if it does.
func (d *devices) health() (read protocol.HealthRead) {
	if board, ok := d.board.(hw.Healthy); ok {
		read = protocol.HealthRead{Health: board.Health(), Known: true}
	}
	return read
}

// settled makes "devices" ready once every child has started, or has ended
// trying: a job that starts then finds the devices there are.
func (d *devices) settled(c *actors.Context, child string) {
	delete(d.waiting, child)
	if len(d.waiting) == 0 {
		c.Ready()
		d.safe(c)
	}
}

// obeys tells "devices" of an output that cannot be halted, or can again.
type obeys struct {
	output string
	again  bool
}

func (d *devices) heed(c *actors.Context, m obeys) {
	if d.unsafe[m.output] = true; m.again {
		delete(d.unsafe, m.output)
	}
	d.safe(c)
}

// safe clears the alarm of a start once every device has made its outputs safe.
func (d *devices) safe(c *actors.Context) {
	if len(d.waiting) == 0 && len(d.unsafe) == 0 {
		c.Clear("board_failed")
	}
}

var _ actors.Job = (*devices)(nil)
