package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/calibrate"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/actors/unit"
	"github.com/pioactor/pioactor/bridge/notify"
	"github.com/pioactor/pioactor/hw/calibration"
	"github.com/pioactor/pioactor/hw/pioreactor/guard"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

func upCommand(g *globals) *cobra.Command {
	var hardware string
	c := &cobra.Command{
		Use:   "up",
		Short: "Run this unit: devices, jobs, MQTT, until Ctrl-C",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := g.config()
			if err != nil {
				return err
			}
			if hardware != "" {
				if err := overrideHardware(&cfg, hardware); err != nil {
					return err
				}
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return up(ctx, g, cfg.settled(machine.Linux().Root()), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&hardware, "hardware", "", hardwareHelp)
	return c
}

// up runs a node until ctx ends.
func up(ctx context.Context, g *globals, cfg Config, out io.Writer) (err error) {
	dir, err := dataDir(g.dataDir, cfg)
	if err != nil {
		return err
	}
	release, err := lock(dir, lockTime)
	if err != nil {
		return err
	}
	defer release()
	m, err := openManager()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	n, err := openNode(cfg, dir, m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	scr := newScreen(out, isTerminal(out), n.unit.System)
	if err := n.start(ctx, scr); err != nil {
		return err
	}
	go n.passSigns(ctx)
	defer share()()
	n.show(ctx, scr)
	fmt.Fprintln(out, "stopping: dosing first, stirring last, outputs safe …")
	return nil
}

// node is a Unit with its edges to the world: state on disk, broker, bridge, API.
type node struct {
	dir   string
	cfg   Config
	store *state.Staged
	unit  *Unit
	log   io.WriteCloser
	edge  edges
	// guard is nil for hardware that ends with this process.
	guard   *guard.Guard
	manager *manager
}

func openNode(cfg Config, dir string, m *manager) (*node, error) {
	disk, err := state.Open(filepath.Join(dir, "state"))
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, cfg: cfg, store: state.NewStaged(disk), manager: m}
	if n.log, err = openLog(cfg.Logging, dir); err != nil {
		return nil, err
	}
	if err := n.assemble(); err != nil {
		return nil, errors.Join(err, n.log.Close())
	}
	return n, nil
}

// assemble makes the unit: in the past, if its first start is to look grown up.
func (n *node) assemble() error {
	_, known, err := unit.Remembered(n.store)
	if err != nil {
		return err
	}
	clk := clock.Live()
	if !known && n.cfg.fastForward() > 0 {
		clk = clock.Virtual(time.Now().Add(-n.cfg.fastForward()), 0)
	}
	if n.edge.bridge, err = openBridge(n.cfg, n.store); err != nil {
		return err
	}
	found, err := n.cfg.look(n.dir)
	if err != nil {
		return err
	}
	if n.guard, err = startGuard(n.cfg, n.dir, found); err != nil {
		return err
	}
	// From here on an end without goodbye has the guard make the outputs safe.
	n.unit, err = NewUnit(UnitOptions{Config: n.cfg, Clock: clk, State: n.store, Log: n.log, Bridge: n.edge.bridge, Carrier: notify.World(),
		Found: found, Alive: n.beat(), Watchdog: n.manager.watchdog(),
		Calibrations: calibrate.Config{
			Calibrations: calibration.NewLibrary(filepath.Join(n.dir, actors.Calibrations)),
			Estimators:   calibration.NewLibrary(filepath.Join(n.dir, actors.Estimators)),
		}})
	if err != nil {
		return err
	}
	return restoreTwin(n.unit.Board, n.store)
}

// beat is what tells the guard that the devices live; nil without one.
func (n *node) beat() func() error {
	if n.guard == nil {
		return nil
	}
	return n.guard.Beat
}

// start brings the unit to life, lets a simulated past go by, and opens the edges.
func (n *node) start(ctx context.Context, scr *screen) error {
	if err := n.edge.bridge.Check(); err != nil {
		return err
	}
	if err := n.unit.Start(); err != nil {
		return err
	}
	if !n.unit.Clock.IsLive() {
		n.fastForward(ctx, scr)
		n.unit.Clock.GoLive()
	}
	if err := n.store.Flush(); err != nil {
		return err
	}
	if err := n.awaitStart(ctx); err != nil {
		return err
	}
	if err := n.openEdges(scr); err != nil {
		return err
	}
	return n.manager.tell("READY=1", fmt.Sprintf("STATUS=unit %s, experiment %q, on %s", n.unit.System.Unit(), unit.Assigned(n.unit.System), n.cfg.hardware()))
}

// awaitStart returns when there is somebody to take every command.
func (n *node) awaitStart(ctx context.Context) error {
	started := make(chan actors.Reply, 1)
	n.unit.System.Do(actors.Command{Target: "node", Body: unit.AwaitStart{}}, func(r actors.Reply) { started <- r })
	select {
	case r := <-started:
		if !r.OK {
			return fmt.Errorf("cmd: start: %s", r.Reason)
		}
	case <-ctx.Done():
	}
	return nil
}

// near is close enough to the present to go live: each step towards it takes
// time too, so nothing is ever nearer than that.
const near = 50 * time.Millisecond

// fastForward runs virtual time until it has caught up with the real one,
// showing how far it is. Ctrl-C ends it.
func (n *node) fastForward(ctx context.Context, scr *screen) {
	c := n.unit.Clock
	total, shown := time.Since(c.Now()), time.Time{}
	for behind := total; behind > near; behind = time.Since(c.Now()) {
		if ctx.Err() != nil {
			return
		}
		c.Run(min(behind, 10*time.Minute))
		if now := time.Now(); now.Sub(shown) > 200*time.Millisecond {
			scr.progress("growing a culture", total-behind, total)
			shown = now
		}
	}
	scr.progress("growing a culture", total, total)
}

// passSigns tells the service manager of each sign of life until ctx ends: a
// terminal that nobody reads must not hold them up.
func (n *node) passSigns(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.manager.alive():
			if err := n.manager.tell("WATCHDOG=1"); err != nil {
				n.unit.System.Log("", "watchdog", "error", err.Error())
			}
		}
	}
}

// show repaints the status until ctx ends.
func (n *node) show(ctx context.Context, scr *screen) {
	every := time.Second
	if !scr.live {
		every = time.Minute
	}
	paint, keep := time.NewTicker(every), time.NewTicker(twinEvery)
	defer paint.Stop()
	defer keep.Stop()
	scr.paint(time.Now())
	for {
		select {
		case <-ctx.Done():
			return
		case <-keep.C:
			if err := saveTwin(n.unit.Board, n.store); err != nil {
				n.unit.System.Log("", "twin", "error", err.Error())
			}
		case <-paint.C:
			scr.paint(time.Now())
		}
	}
}

// shutdownTime is all that an orderly stop may take.
const shutdownTime = 8 * time.Second

// close stops everything in order: intake, jobs, devices, edges, hardware.
func (n *node) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	err := errors.Join(n.manager.tell("STOPPING=1", "STATUS=stopping: dosing first, stirring last"), n.edge.closeIntake(ctx))
	stopped := n.stopTree(ctx)
	if n.guard != nil && stopped == nil {
		n.guard.Leaving()
	}
	err = errors.Join(err, stopped, saveTwin(n.unit.Board, n.store), n.edge.close(ctx))
	closed := n.unit.Board.Close()
	return errors.Join(err, closed, n.dismiss(stopped == nil && closed == nil), n.log.Close())
}

// dismiss ends the guard when every output is safe for certain. Else it stays,
// and makes them safe once this process has ended.
func (n *node) dismiss(safe bool) error {
	if n.guard == nil || !safe {
		return nil
	}
	return n.guard.Goodbye()
}

func (n *node) stopTree(ctx context.Context) error {
	if !n.unit.Clock.IsLive() {
		n.unit.Clock.GoLive()
	}
	done := make(chan actors.Reply, 1)
	n.unit.Shutdown(func(r actors.Reply) { done <- r })
	select {
	case r := <-done:
		if !r.OK {
			return fmt.Errorf("cmd: shutdown: %s", r.Reason)
		}
		return nil
	case <-ctx.Done():
		return errors.New("cmd: shutdown: the jobs did not end within 8 s; their outputs are switched off at the board")
	}
}
