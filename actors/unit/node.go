// Package unit is the trunk of one unit's tree: the node, which starts the
// house's floors in order and stops them in the opposite one, and the
// experiment, which owns the jobs.
//
// It refuses to know any job: what can run is in the registry of package
// actors, and what should run is durable state.
//
//	err := sys.Start(unit.Node(devices, alarm, unit.Experiment(cfg)))
package unit

import (
	"fmt"

	"github.com/pioactor/pioactor/actors"
)

// Shutdown asks the node to stop everything in order: first of what it started
// last, so that jobs end before the devices under them. Answered when done.
type Shutdown struct{}

// jobs is the part that stops its children itself, in order, when asked.
const jobs = "experiment"

// Node is the root of the tree. It starts parts in the given order.
func Node(parts ...actors.Spec) actors.Spec {
	return actors.Spec{Name: "node", New: func() actors.Job { return &node{parts: parts} }}
}

// node is the root actor.
//
// Takes: Shutdown; ChildState of its parts.
// Sends: Reply to Shutdown.
// Fails by: a part that cannot be spawned; it is restarted whole, outputs safe first.
type node struct {
	parts []actors.Spec
	left  int // parts still to stop
	last  actors.Peer
	down  bool
}

func (n *node) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return n.start(c)
	case actors.Command:
		return n.command(c, msg)
	case actors.Reply:
		c.StopChild(jobs) // its jobs are gone, in order
	case actors.ChildState:
		n.child(c, msg)
	}
	return nil
}

func (n *node) start(c *actors.Context) error {
	for _, part := range n.parts {
		if err := c.Spawn(part); err != nil {
			return fmt.Errorf("unit: start: %w", err)
		}
	}
	return nil
}

func (n *node) command(c *actors.Context, cmd actors.Command) error {
	if _, ok := cmd.Body.(Shutdown); !ok {
		return &actors.Refusal{Code: "unknown_command", Reason: fmt.Sprintf("node: cannot %T", cmd.Body)}
	}
	n.last, n.left, n.down = c.Later(cmd), len(n.parts), true
	n.stopNext(c)
	return nil
}

// stopNext stops the part started last among those left, or reports the end.
func (n *node) stopNext(c *actors.Context) {
	for n.left > 0 {
		n.left--
		part := n.parts[n.left].Name
		switch {
		case !c.System().Running(part):
			continue
		case part == jobs:
			c.Ask(part, Shutdown{})
		default:
			c.StopChild(part)
		}
		return
	}
	c.AnswerTo(n.last, actors.Reply{OK: true})
}

func (n *node) child(c *actors.Context, s actors.ChildState) {
	ended := s.State == actors.Disconnected || s.State == actors.Lost
	if n.down && ended && n.left < len(n.parts) && s.Name == n.parts[n.left].Name {
		n.stopNext(c)
	}
}
