package cmd

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/bench"
	"github.com/pioactor/pioactor/actors/calibrate"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/dosing"
	"github.com/pioactor/pioactor/actors/od"
	"github.com/pioactor/pioactor/actors/selftest"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/actors/temperature"
	"github.com/pioactor/pioactor/actors/unit"
	"github.com/pioactor/pioactor/bridge"
	"github.com/pioactor/pioactor/bridge/notify"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/sim"
)

// Unit is one unit put together: its hardware, its actors, its clock. It is
// what `pioactor up` runs, and what a test of the whole house runs in virtual
// time.
type Unit struct {
	Config  Config
	Clock   *clock.Clock
	Board   hw.Board
	System  *actors.System
	bridge  *bridge.Bridge
	shelves calibrate.Config
	alive   func() error
	watch   watchdog
	// delivery is the actor that carries alarms outside, if there is one.
	delivery *actors.Spec
}

// UnitOptions are what a Unit stands on.
type UnitOptions struct {
	Config Config
	Clock  *clock.Clock
	Board  hw.Board    // default: what the config says
	Found  any         // what looking for that hardware has found, if it must be looked for
	State  state.Store // default: in memory
	// Calibrations are the files of calibrations and estimators. Default: in memory.
	Calibrations calibrate.Config
	Log          io.Writer
	Boot         string
	Seed         uint64         // of the system's random choices
	Bridge       *bridge.Bridge // default: none
	// Carrier takes alarms outside, to where [alarms] sends them; default: nobody.
	Carrier notify.Carrier
	// Interfere plants defects, for campaigns; see actors.Options.
	Interfere func(actor string, msg any) []any
	// Alive is device.Config's: the beat of a guard. Default: none.
	Alive func() error
	// Watchdog is told that the supervisors live. Default: nobody is.
	Watchdog watchdog
}

// watchdog is somebody who wants to hear every interval that all is alive.
type watchdog struct {
	interval time.Duration // 0: nobody
	alive    func()        // must not block
}

// NewUnit opens the hardware and makes the system; Start brings it to life.
func NewUnit(o UnitOptions) (*Unit, error) {
	u := &Unit{Config: o.Config, Clock: o.Clock, Board: o.Board, bridge: o.Bridge, shelves: o.Calibrations, alive: o.Alive, watch: o.Watchdog}
	if o.Carrier != nil {
		delivery, err := notify.Spec(o.Config.Alarms.Config, o.Carrier)
		if err != nil {
			return nil, err
		}
		u.delivery = &delivery
	}
	if u.Board == nil {
		board, err := openBoard(o.Config, site{o.Clock, o.Found})
		if err != nil {
			return nil, err
		}
		u.Board = board
	}
	sys, err := actors.NewSystem(actors.Options{
		Unit: unitName(o.Config), Clock: o.Clock, State: o.State, Log: o.Log, Boot: o.Boot, Seed: o.Seed,
		Interfere: o.Interfere, I2C: i2cOf(u.Board),
	})
	if err != nil {
		return nil, errors.Join(err, u.Board.Close())
	}
	u.System = sys
	return u, nil
}

// i2cOf is the bus that a board lends to devices of a person's own, or nil.
func i2cOf(board hw.Board) hw.I2C {
	if w, ok := board.(hw.Wires); ok {
		return w.I2C()
	}
	return nil
}

// Start spawns the tree: devices first, with every output forced safe.
func (u *Unit) Start() error {
	monitor, err := universal("monitor", u.Config)
	if err != nil {
		return err
	}
	devices := u.Config.devices()
	devices.Alive = u.alive
	vial, err := dosing.Spec(u.Board, u.Config.dosing())
	if err != nil {
		return err
	}
	parts := []actors.Spec{
		bench.Spec(u.Config.Bench), // drives nothing, and knows whether anything may move
		device.Spec(u.Board, devices, vial),
		calibrate.Spec(u.shelves),
		calibrate.ProcedureSpec(calibrate.ProcedureConfig{StirringDuty: stirringDuty(u.Config)}),
	}
	if u.bridge != nil {
		parts = append(parts, u.bridge.Spec())
	}
	parts = append(parts, alarm.Spec(u.Config.Alarms.Declared))
	if u.delivery != nil {
		parts = append(parts, *u.delivery)
	}
	parts = append(parts, monitor, selftest.RecordSpec(), temperature.Spec(u.Board.Info()), unit.Experiment(u.Config.experiment()))
	if u.watch.interval > 0 {
		parts = append(parts, unit.Watchdog(u.watch.interval, u.watch.alive))
	}
	return u.System.Start(unit.Node(parts...))
}

// Shutdown stops the tree in order and calls done when everything is at rest.
func (u *Unit) Shutdown(done func(actors.Reply)) {
	u.System.Do(actors.Command{Target: "node", Body: unit.Shutdown{},
		Deadline: u.Clock.Now().Add(8 * time.Second)}, done)
}

// universal is the spec of a job that belongs to the unit itself.
func universal(slot string, cfg Config) (actors.Spec, error) {
	r, err := actors.Lookup(slot, "")
	if err != nil {
		return actors.Spec{}, err
	}
	return actors.Spec{Name: slot, Slot: slot, New: r.New, Table: cfg.table(slot, "")}, nil
}

// stirringDuty is the duty that [stirring] begins with, %; 0 where there is no
// such job.
func stirringDuty(cfg Config) float64 {
	r, err := actors.Lookup("stirring", "")
	if err != nil {
		return 0
	}
	job, err := actors.Spec{Name: "stirring", New: r.New, Table: cfg.table("stirring", "")}.Prepare()
	if err != nil {
		return 0 // told by whoever starts the job
	}
	if f, ok := setting.Find(job, "initial_duty_cycle"); ok {
		duty, _ := f.Value(job).(float64) // another's stirring job may declare it otherwise
		return duty
	}
	return 0
}

func unitName(cfg Config) string {
	if cfg.Unit.Name != "" {
		return cfg.Unit.Name
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "pioactor"
	}
	return strings.ToLower(strings.ReplaceAll(name, ".", "-"))
}

// experiment is what the first start begins with.
func (c Config) experiment() unit.Config {
	return unit.Config{Name: c.Experiment.Name, Start: c.startList(), Table: c.table, Job: c.job}
}

// job gives od_blank the section of od_reading: its readings are what a blank is for.
func (c Config) job(s actors.Spec) actors.Spec {
	if s.Name == od.BlankName {
		s.New = func() actors.Job { return od.NewBlank(c.table(od.Name, "")) }
	}
	return s
}

func (c Config) startList() []string {
	_, list := c.firstStart()
	return list
}

// firstStart is the section that says which jobs the first start begins with,
// and what it says. In a real vial a person begins.
func (c Config) firstStart() (section string, jobs []string) {
	switch c.hardware() {
	case "pioreactor":
		return "pioreactor", nil
	case "replay":
		return "replay", c.Replay.Start
	}
	return "sim", c.Sim.Start
}

// fastForward is how much of the past the first start makes up; a clock that
// jumps is nothing for drivers, modelled chips or not.
func (c Config) fastForward() time.Duration {
	switch c.hardware() {
	case "sim":
		return c.Sim.FastForward
	case "replay":
		return c.Replay.FastForward
	}
	return 0
}

// devices is how the shared sections say that the board is wired.
func (c Config) devices() device.Config {
	d := device.DefaultConfig()
	d.PWM, d.IRChannel = channelsByRole(c.PWM), irChannel(c.LEDs)
	return d
}

// dosing is the vial's section with what it takes from others.
func (c Config) dosing() dosing.Config {
	d := c.Bioreactor
	d.Media = c.Media
	d.WasteSeen = (c.hardware() == "sim" || c.hardware() == "fake") && c.Sim.WasteSeen
	return d
}

func channelsByRole(pwm map[string]string) map[string]int {
	byRole := map[string]int{}
	for channel, role := range pwm {
		byRole[role] = int(channel[0] - '0')
	}
	return byRole
}

func irChannel(leds map[string]string) string {
	for channel, role := range leds {
		if role == "IR" {
			return channel
		}
	}
	return ""
}

// Twin is what the simulated vial is made of: [sim], and what other sections
// say of the same unit.
func (c Config) Twin() sim.Config {
	twin := c.Sim.Config
	twin.Model, twin.Version, twin.Channels, twin.IRLED = c.Unit.Model, c.Unit.ModelVersion, c.Photodiodes, irChannel(c.LEDs)
	return twin
}
