package pioactor_test

import (
	"os"
	"testing"
)

// The tables below are the laws of the house; laws_check_test.go and
// laws_syntax_test.go hold the checks, and laws_planted_test.go shows that each
// check catches its crime and lets lawful code pass. A pattern is a folder
// ("actors"), or a folder and all below it ("actors/od/..."). The longest pattern
// that fits wins.

const module = "github.com/pioactor/pioactor"

// floors: a room's non-test files import only lower floors, and its own
// sub-rooms. The gaps leave space for a floor between two others.
var floors = map[string]int{
	"hw":                           0,
	"hw/calibration/...":           0,
	"actors/clock/...":             0,
	"actors/state/...":             0,
	"actors/setting":               0,
	"actors/growth/ekf":            0,
	"actors/od/fusion":             1, // above hw/calibration, whose curves it reads
	"actors/od/optics":             1, // above hw, whose samples it reads
	"actors/od/rhythm":             0,
	"actors/stirring/rotor":        0,
	"actors/pid":                   0,
	"actors/dosing/ledger":         1, // above hw, whose pumps it names
	"actors/dosing/check":          0,
	"actors/device/lease":          0,
	"actors/temperature/inference": 0,
	"actors/temperature/watch":     1, // above hw, whose limits it keeps
	"actors/selftest/check":        0,
	"actors/calibrate/guide":       1, // above hw/calibration, whose curves it fits

	"actors/alarm/condition": 0,

	"actors":                 10,
	"hw/sim/...":             10,
	"hw/pioreactor/machine":  2,  // what drivers stand on
	"hw/pioreactor/describe": 3,  // what is soldered where
	"hw/pioreactor/chip":     4,  // drivers on the bus
	"hw/pioreactor/line":     4,  // drivers on the header: PWM, tachometer, button
	"hw/pioreactor":          10, // the board
	"hw/pioreactor/fake":     11, // modelled chips around hw/sim's vial
	"hw/pioreactor/guard":    11, // makes the board safe when its owner dies
	"actors/protocol":        11,

	"actors/alarm/...":       20,
	"actors/automation/...":  20,
	"actors/calibrate/...":   20,
	"actors/bench/...":       20,
	"actors/cluster/...":     20,
	"actors/device/...":      20,
	"actors/dosing/...":      20,
	"actors/dosing/action":   11, // above actors, below the vial that reads it
	"actors/growth/...":      20,
	"actors/led/...":         20,
	"actors/monitor/...":     20,
	"actors/od/...":          20,
	"actors/selftest/...":    20,
	"actors/stirring/...":    20,
	"actors/store/...":       20,
	"actors/temperature/...": 20,
	"actors/unit/...":        20,
	"bridge/broker/...":      20,
	"bridge/mqtt/...":        20,
	"bridge/notify/...":      20,
	"bridge/wire/...":        20,

	"cmd/report/...": 30,
	"cmd/install":    30,
	"bridge":         30,
	"bridge/web/...": 30,

	"cmd": 40,

	"actors/actorstest/...":    45,
	"actors/device/devicetest": 45,
	"bridge/bridgetest/...":    45,
	"hw/hwtest/...":            45,

	"cmd/standard": 50,

	".":            60,
	"cmd/pioactor": 60,
	"examples/...": 60,
}

// kits are imported by _test files only.
var kits = []string{"actors/actorstest/...", "actors/device/devicetest", "bridge/bridgetest/...", "hw/hwtest/..."}

// barred imports point down and are forbidden all the same.
var barred = []struct{ from, to, why string }{
	{"hw/...", "actors/...", "hardware, the twin above all, shares no code with the science tested against it"},
}

// homes: a dependency, by prefix of its import path, and the rooms whose
// non-test files may import it.
var homes = map[string][]string{
	"github.com/asynkron/protoactor-go":        {"actors", "actors/cluster/..."},
	"github.com/asynkron/protoactor-go/remote": {"actors/cluster/..."},
	"github.com/eclipse/paho.mqtt.golang":      {"bridge/..."},
	"github.com/eclipse/paho.golang":           {"bridge/..."},
	"github.com/mochi-mqtt/server":             {"bridge/broker/..."},
	"github.com/spf13/cobra":                   {"cmd"},
	"go.yaml.in/yaml":                          {"hw/calibration", "hw/pioreactor/describe"},
	"github.com/warthog618/go-gpiocdev":        {"hw/pioreactor/..."},
	"periph.io/x":                              {"hw/pioreactor/..."},
	"modernc.org/sqlite":                       {"actors/store/..."},
}

// pure rooms take values and return values: beside the standard library they
// import only pureDependency.
var pure = []string{
	"actors/growth/ekf", "actors/od/fusion", "actors/od/optics", "actors/od/rhythm", "actors/stirring/rotor", "actors/pid",
	"actors/dosing/ledger", "actors/dosing/check", "actors/device/lease", "actors/selftest/check", "actors/alarm/condition",
	"actors/temperature/inference", "actors/temperature/watch", "actors/calibrate/guide",
}

const pureDependency = "gonum.org/v1/gonum"

// lessons: what examples may import beside the standard library, and what
// their tests may import on top.
var (
	lessons     = []string{"actors", "hw", "cmd", "cmd/standard"}
	lessonTests = []string{"actors/actorstest"}
)

// publicRooms are what a user's program is written against.
var publicRooms = []string{"actors", "actors/actorstest", "hw", "cmd", "cmd/standard"}

// escapeHatches are the exported names of publicRooms that may carry a
// dependency's type.
var escapeHatches = map[string]bool{"actors.RegisterProps": true}

// timeless rooms take time from actors/clock; timekeepers are the rooms
// among them that may look at the wall.
var (
	timeless    = []string{"actors/..."}
	timekeepers = []string{"actors/clock/...", "actors/state/..."}
)

// wallClock: what the actor world must not mention, by import path.
var wallClock = map[string][]string{
	"time":    {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// futures wait on the engine's own timers; the names count, whatever they are called on.
var futures = []string{"RequestFuture", "NewFuture"}

// clockExceptions: file and what it may mention ("time.Now", "go", a future's
// name), with the reason. An entry that is no longer needed fails the test.
var clockExceptions = map[use]string{}

// machinePaths are folders of somebody's machine. Written in pieces, so that
// this file does not break the law it states.
var machinePaths = []string{"/wo" + "rk/", "/ro" + "ot/", "../sha" + "red"}

// laws by the name under which they fail.
var laws = map[string]func(*house) []string{
	"imports point to a lower floor":        floorLaw,
	"every dependency has its home":         homeLaw,
	"examples show only the public API":     lessonLaw,
	"one package comment per package":       commentLaw,
	"the actor world has no clock":          func(h *house) []string { return clockLaw(h, clockExceptions) },
	"no dependency in exported signatures":  signatureLaw,
	"no path of a machine in any file here": pathLaw,
}

func TestLaws(t *testing.T) {
	h, err := survey(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for name, law := range laws {
		t.Run(name, func(t *testing.T) {
			for _, crime := range law(h) {
				t.Error(crime)
			}
		})
	}
}
