package actorstest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/calibrate"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/cmd"
	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/calibration"
	"github.com/pioactor/pioactor/hw/sim"
)

// House is one whole unit on the digital twin in virtual time: what `pioactor
// up` runs, without its sockets. It can be killed and started again on the same
// vial and the same disk. Its methods belong to the test's goroutine.
type House struct {
	Config cmd.Config
	// Board is the vial, for faults and its true state. In a house on a HAT that is
	// the state of the last touch: ask [House.Truth].
	Board *sim.Board
	HAT   *cmd.ModelledHAT // nil without HouseOptions.HAT
	Store *state.Memory
	// Calibrations are the files of calibrations and estimators.
	Calibrations calibrate.Config
	Facts        []actors.Fact // of all boots, in order
	System       *actors.System
	Clock        *clock.Clock

	t       testing.TB
	options HouseOptions
	unit    *cmd.Unit
	lived   time.Duration // of the boots before this one
	skew    time.Duration // of the wall clock
	boots   int
	digest  hash.Hash
	folder  string // of the modelled HAT
	onFact  []func(actors.Fact)
}

// HouseOptions vary a House. The zero value is the default unit with seed 1.
type HouseOptions struct {
	Seed      uint64            // of the order in which actors run, and of the twin
	Configure func(*cmd.Config) // changes the default configuration
	// HAT puts the unit on the real drivers and a modelled HAT of that version, such
	// as "1.2", around the twin. Default: on the twin itself.
	HAT string
	// Interfere plants defects; see actors.Options.
	Interfere func(h *House, actor string, msg any) []any
	// Wrap puts something between the actors and the twin.
	Wrap func(hw.Board) hw.Board
	// Disk puts something between the actors and the state.
	Disk func(state.Store) state.Store
	// Opened is called before the first process starts, to watch it from its
	// first fact on.
	Opened func(h *House)
	// Log takes the log lines.
	Log io.Writer
	// Forget keeps Facts empty, for long runs that watch with OnFact.
	Forget bool
	// NoHash leaves Hash empty, for many short runs: to write down every fact
	// takes a fifth of their time.
	NoHash bool
}

// Open starts a house with a fresh vial.
func Open(t testing.TB, o HouseOptions) *House {
	t.Helper()
	h := &House{t: t, options: o, Config: cmd.DefaultConfig(), Store: state.NewMemory(), digest: sha256.New()}
	if h.options.Seed == 0 {
		h.options.Seed = 1
	}
	h.Config.Unit.Name = "pio1"
	h.Config.Sim.Seed = h.options.Seed
	if o.Configure != nil {
		o.Configure(&h.Config)
	}
	h.Calibrations = calibrate.Config{Calibrations: calibration.NewMemory(), Estimators: calibration.NewMemory()}
	h.build()
	if o.Opened != nil {
		o.Opened(h)
	}
	h.boot()
	return h
}

// Lived is how long the vial has existed, over all boots.
func (h *House) Lived() time.Duration {
	if h.Clock == nil {
		return h.lived
	}
	return h.lived + h.Clock.Mono()
}

// boot starts a process on the vial and the disk as they are.
func (h *House) boot() {
	h.t.Helper()
	h.boots++
	h.Clock = clock.Virtual(epoch.Add(h.lived+h.skew), h.options.Seed+uint64(h.boots)*1000003)
	board := h.hardware()
	if h.options.Wrap != nil {
		board = h.options.Wrap(board)
	}
	var disk state.Store = h.Store
	if h.options.Disk != nil {
		disk = h.options.Disk(disk)
	}
	o := cmd.UnitOptions{
		Config: h.Config, Clock: h.Clock, Board: board, State: disk, Seed: h.options.Seed,
		Boot: fmt.Sprintf("boot%d", h.boots), Log: h.options.Log, Calibrations: h.Calibrations,
	}
	if f := h.options.Interfere; f != nil {
		o.Interfere = func(actor string, msg any) []any { return f(h, actor, msg) }
	}
	u, err := cmd.NewUnit(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.unit, h.System = u, u.System
	h.System.Watch(h.fact)
	if err := u.Start(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *House) fact(f actors.Fact) {
	if !h.options.Forget {
		h.Facts = append(h.Facts, f)
	}
	if !h.options.NoHash {
		h.note(f)
	}
	for _, on := range h.onFact {
		on(f)
	}
}

func (h *House) note(f actors.Fact) {
	if name, data, err := actors.Encode(f); err == nil {
		fmt.Fprintf(h.digest, "%s %s\n", name, data)
	}
}

// Jump sets the wall clock by d, back or forth, for this boot and all later ones.
func (h *House) Jump(d time.Duration) {
	h.skew += d
	h.Clock.Step(d)
}

// OnFact calls f with every fact from now on, over all boots.
func (h *House) OnFact(f func(actors.Fact)) { h.onFact = append(h.onFact, f) }

// Hash is the fingerprint of everything published so far.
func (h *House) Hash() string { return hex.EncodeToString(h.digest.Sum(nil)) }

// Run lets d pass.
func (h *House) Run(d time.Duration) { h.Clock.Run(d) }

// RunUntil lets time pass until ok, at most d, and fails the test otherwise.
func (h *House) RunUntil(d time.Duration, what string, ok func() bool) {
	h.t.Helper()
	if h.Clock.RunUntil(h.Clock.Mono()+d, ok) && !ok() {
		h.t.Fatalf("no %s within %v", what, d)
	}
}

// Kill ends the process between two messages, as kill -9 and its guard would:
// the actors are gone, the outputs are off, the vial and the disk stay. A new
// process starts at once.
func (h *House) Kill() {
	h.t.Helper()
	h.lived, h.Clock = h.Lived(), nil
	h.powerCut()
	h.boot()
}

// Do sends a command and returns its reply, letting at most 2 s pass: a HAT 1.0
// needs more than one to start reading OD.
func (h *House) Do(target string, body any) actors.Reply {
	return h.Command(actors.Command{Target: target, Body: body})
}

// Command is Do with all of a Command's fields.
func (h *House) Command(cmd actors.Command) (r actors.Reply) {
	answered := false
	h.System.Do(cmd, func(got actors.Reply) { r, answered = got, true })
	h.Clock.RunUntil(h.Clock.Mono()+2*time.Second, func() bool { return answered })
	if !answered {
		r.Code = "unanswered"
	}
	return r
}

// WasteSeen says what a person says at set-up who saw the waste leave, so that
// dosing waits for nothing.
func (h *House) WasteSeen() {
	h.t.Helper()
	h.Run(time.Second) // until everything has started
	if r := h.Do("vial", actors.WasteSeen{}); !r.OK {
		h.t.Fatal(r.Reason)
	}
}

// Set changes one setting of a job.
func (h *House) Set(job, name string, value any) actors.Reply {
	return h.Do(job, actors.Set{Values: []setting.Pair{{Name: name, Value: value}}})
}

// State is the state of a job.
func (h *House) State(job string) actors.State {
	s, _ := actors.LatestOf[actors.JobState](h.System, job)
	return s.State
}

// AllReady reports whether every job of the experiment is ready.
func (h *House) AllReady() bool {
	for _, job := range []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation", "monitor"} {
		if h.State(job) != actors.Ready {
			return false
		}
	}
	return true
}

// Collect returns the facts of type T so far.
func Collect[T actors.Fact](h *House) []T {
	var all []T
	for _, f := range h.Facts {
		if x, ok := f.(T); ok && reflect.TypeOf(f) == reflect.TypeFor[T]() {
			all = append(all, x)
		}
	}
	return all
}
