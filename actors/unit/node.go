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

// AwaitStart asks the node to answer when every part has started, or ended
// trying: before that there is nobody to take a command.
type AwaitStart struct{}

// Node is the root of the tree. It starts parts in the given order.
func Node(parts ...actors.Spec) actors.Spec {
	return actors.Spec{Name: "node", New: func() actors.Job { return &node{parts: parts} }}
}

// node is the root actor.
//
// Takes: AwaitStart, Shutdown; ChildState of its parts.
// Sends: Reply to both.
// Fails by: a part that cannot be spawned; it is restarted whole, outputs safe first.
type node struct {
	parts   []actors.Spec
	started int  // parts that were spawned
	settled bool // all of them have started
	waiting []actors.Peer
	left    int // parts still to stop
	last    actors.Peer
	down    bool
}

// Receive implements actors.Job.
func (n *node) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return n.startNext(c)
	case actors.Command:
		return n.command(c, msg)
	case actors.Reply:
		c.StopChild(jobs) // its jobs are gone, in order
	case actors.ChildState:
		return n.child(c, msg)
	}
	return nil
}

// startNext spawns the next part. It is called again when that one is ready, so
// that the jobs find every device; one that ends instead is passed over, since
// stirring goes on without what is broken elsewhere.
func (n *node) startNext(c *actors.Context) error {
	if n.started == len(n.parts) {
		n.settle(c)
		return nil
	}
	n.started++
	if err := c.Spawn(n.parts[n.started-1]); err != nil {
		return fmt.Errorf("unit: start: %w", err)
	}
	return nil
}

// settle answers those who wait for the start.
func (n *node) settle(c *actors.Context) {
	n.settled = true
	for _, peer := range n.waiting {
		c.AnswerTo(peer, actors.Reply{OK: true})
	}
	n.waiting = nil
}

func (n *node) command(c *actors.Context, cmd actors.Command) error {
	switch cmd.Body.(type) {
	case AwaitStart:
		if !n.settled {
			n.waiting = append(n.waiting, c.Later(cmd))
		}
	case Shutdown:
		n.last, n.left, n.down = c.Later(cmd), len(n.parts), true
		n.stopNext(c)
	default:
		return actors.Refuse("unknown_command", "node: cannot %T", cmd.Body)
	}
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

func (n *node) child(c *actors.Context, s actors.ChildState) error {
	ended := s.State == actors.Disconnected || s.State == actors.Lost
	switch {
	case n.down:
		if ended && n.left < len(n.parts) && s.Name == n.parts[n.left].Name {
			n.stopNext(c)
		}
	case s.Name == n.parts[n.started-1].Name:
		return n.startNext(c)
	}
	return nil
}
