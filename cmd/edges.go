package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/actors/unit"
	"github.com/pioactor/pioactor/bridge"
	"github.com/pioactor/pioactor/bridge/web"
)

// edges are a node's sockets. They exist only in real time.
type edges struct {
	bridge *bridge.Bridge
	web    *web.Server
}

// openEdges attaches the world to a unit that has gone live.
func (n *node) openEdges(scr *screen) error {
	sys := n.unit.System
	if err := n.edge.bridge.Open(sys); err != nil {
		return err
	}
	scr.broker, _ = n.edge.bridge.Broker()
	socket := socketPath(n.dir)
	server, err := web.Serve(web.Options{
		System: sys, Socket: socket, MQTT: n.edge.bridge, Version: version(),
		Experiment: func() string { return unit.Assigned(sys) },
	})
	if err != nil {
		return err
	}
	n.edge.web = server
	return publishSocket(n.dir, socket)
}

// closeIntake ends the ways in for commands, before the jobs end.
func (e *edges) closeIntake(ctx context.Context) error {
	e.bridge.CloseIntake()
	if e.web == nil {
		return nil
	}
	return e.web.Close(ctx)
}

// close lets the last words out: final states, then the broker.
func (e *edges) close(ctx context.Context) error {
	return e.bridge.Close(ctx)
}

// openBridge makes the bridge for the experiment this unit remembers.
func openBridge(cfg Config, store state.Store) (*bridge.Bridge, error) {
	experiment, known, err := unit.Remembered(store)
	if err != nil {
		return nil, err
	}
	if !known {
		experiment = cfg.Experiment.Name
	}
	return bridge.New(cfg.MQTT, experiment)
}

// openLog opens the log file, to which lines are only ever added.
func openLog(cfg LoggingConfig, dir string) (io.WriteCloser, error) {
	name := cfg.File
	if name == "" {
		name = filepath.Join(dir, "pioactor.log")
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("[logging] file: %w", err)
	}
	return f, nil
}

// overrideHardware applies the flag --hardware by the config file's own rule.
func overrideHardware(cfg *Config, hardware string) error {
	if err := setting.Assign(&cfg.Unit, "hardware", hardware); err != nil {
		return usage(fmt.Errorf("--%w", err))
	}
	return cfg.Validate()
}

// twin is a simulated vial, whose state is kept so that it survives the
// process as a real one would.
type twin interface {
	Snapshot() ([]byte, error)
	Restore([]byte) error
}

// twinKey is where a simulated vial is kept.
const twinKey = "twin"

// twinEvery is how much of a simulated vial's life a kill may cost.
const twinEvery = 5 * time.Second

func saveTwin(board any, store state.Store) error {
	t, ok := board.(twin)
	if !ok {
		return nil
	}
	snapshot, err := t.Snapshot()
	if err != nil {
		return err
	}
	return store.Save(twinKey, snapshot)
}

func restoreTwin(board any, store state.Store) error {
	t, ok := board.(twin)
	if !ok {
		return nil
	}
	snapshot, known, err := store.Load(twinKey)
	if err != nil || !known {
		return err
	}
	if err := t.Restore(snapshot); err != nil {
		return fmt.Errorf("the simulated vial cannot be restored: %w; remove state/%s.json for a fresh one", err, twinKey)
	}
	return nil
}

// progress shows how far a long work is.
func (s *screen) progress(what string, done, total time.Duration) {
	if !s.live {
		return
	}
	const width = 30
	full := width
	if total > 0 && done < total {
		full = int(float64(width) * float64(done) / float64(total))
	}
	fmt.Fprintf(s.out, "\r%s [%s%s] %v of %v ", what, strings.Repeat("█", full), strings.Repeat("·", width-full),
		done.Round(time.Minute), total.Round(time.Minute))
	if done >= total {
		s.end()
	}
}

// end ends the line of a progress.
func (s *screen) end() {
	if s.live {
		fmt.Fprintln(s.out)
	}
}
