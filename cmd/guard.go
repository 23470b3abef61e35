package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pioactor/pioactor/hw/pioreactor/guard"
)

// guardCommand is what a node starts its guard with. It is no command of the
// tree: a guard makes nothing that it does not need.
const guardCommand = "guard"

// guardOrders are what a guard has to know.
type guardOrders struct {
	Hardware string          `json:"hardware"`
	Dir      string          `json:"dir"`
	Outputs  json.RawMessage `json:"outputs"`
}

// startGuard puts a guard over this process before the hardware that was found
// is opened; nil where there is none to be guarded.
func startGuard(cfg Config, dir string, found any) (*guard.Guard, error) {
	if found == nil {
		return nil, nil
	}
	orders, err := cfg.guardOrders(dir, found)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(orders)
	if err != nil {
		return nil, fmt.Errorf("cmd: guard: %w", err)
	}
	return guard.Start(guard.Options{Args: []string{guardCommand}, Orders: text})
}

// guardOrders are about hardware that was found.
func (c Config) guardOrders(dir string, found any) (guardOrders, error) {
	outputs, err := json.Marshal(found)
	if err != nil {
		return guardOrders{}, fmt.Errorf("cmd: describe the outputs: %w", err)
	}
	return guardOrders{c.hardware(), dir, outputs}, nil
}

// standGuard is the guard's whole life.
func standGuard(errs io.Writer) int {
	return guard.Serve(func(text []byte) (guard.Hardware, error) {
		var o guardOrders
		if err := json.Unmarshal(text, &o); err != nil {
			return nil, fmt.Errorf("orders: %w", err)
		}
		h, err := o.open()
		if err != nil {
			return nil, err
		}
		f, err := openLock(o.Dir)
		return &orphaned{Hardware: h, lock: f}, err
	}, errs)
}

func (o guardOrders) open() (guard.Hardware, error) {
	b, known := boards[o.Hardware]
	if !known || b.safe == nil {
		return nil, fmt.Errorf("cmd: %q is no hardware that can be made safe", o.Hardware)
	}
	return b.safe(o.Outputs)
}

// orphaned is the hardware of a dead node. It holds the node's lock while it is
// made safe, so that no other node starts in the middle; where another has the
// lock, it has the outputs too, and began by making them safe.
type orphaned struct {
	guard.Hardware
	lock *os.File
	held bool
}

// MakeSafe implements guard.Hardware.
func (o *orphaned) MakeSafe() error {
	if !o.held {
		switch err := holdLock(o.lock); {
		case errors.Is(err, errHeld):
			return guard.ErrTaken
		case err == nil:
			o.held = true
		}
		// A lock that fails is no reason to leave a pump on.
	}
	return o.Hardware.MakeSafe()
}

var _ guard.Hardware = (*orphaned)(nil)
