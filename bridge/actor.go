package bridge

import (
	"errors"
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
)

const (
	alarmName = "mqtt_unreachable"
	// grace before an absent broker is an alarm: brokers are restarted.
	grace = 10 * time.Second
)

// Spec is the actor "bridge", for the unit's tree.
func (b *Bridge) Spec() actors.Spec {
	return actors.Spec{Name: "bridge", New: func() actors.Job { return &face{bridge: b} }}
}

// face stands for the bridge in the tree: it opens it, and raises the alarm
// when the broker is out of reach.
//
// Takes: linkChanged from the session, as a Command.
// Sends: Alarm mqtt_unreachable.
// Fails by: a broker that cannot be started, such as a port that is taken; it
// is tried again with growing pauses.
type face struct {
	bridge *Bridge
	down   actors.Timer
}

type (
	opened      struct{ err error }
	linkChanged struct{ connected bool }
	stillDown   struct{}
)

// Receive implements actors.Job.
func (f *face) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		f.open(c)
	case opened:
		return f.opened(c, msg.err)
	case actors.Command:
		return f.command(c, msg)
	case stillDown:
		url, _ := f.bridge.Broker()
		c.Raise(alarmName, "medium", fmt.Sprintf("no connection to the MQTT broker %s: control goes on, nobody outside can watch", url), false)
	}
	return nil
}

// open opens the bridge at the edge; in virtual time somebody else does, later.
func (f *face) open(c *actors.Context) {
	if sys := c.System(); sys.Clock().IsLive() {
		c.Do(func() (any, time.Duration) { return opened{f.bridge.Open(sys)}, 0 })
	}
}

func (f *face) opened(c *actors.Context, err error) error {
	if errors.Is(err, errClosed) {
		return nil
	}
	if err == nil {
		_, connected := f.bridge.Broker()
		f.changed(c, connected)
	}
	return err
}

func (f *face) command(c *actors.Context, cmd actors.Command) error {
	link, ok := cmd.Body.(linkChanged)
	if !ok {
		return actors.Refuse("unknown_command", "bridge: cannot %T", cmd.Body)
	}
	f.changed(c, link.connected)
	return nil
}

func (f *face) changed(c *actors.Context, connected bool) {
	f.down.Cancel()
	f.down = actors.Timer{}
	if connected {
		c.Clear(alarmName)
	} else {
		f.down = c.After(grace, stillDown{})
	}
}

// status takes the session's word on the connection.
func (b *Bridge) status(connected bool) {
	b.mu.Lock()
	b.connected = connected
	sys := b.sys
	b.mu.Unlock()
	sys.Do(actors.Command{Target: "bridge", Origin: actors.Origin{Mouth: "actor", Who: "bridge"}, Body: linkChanged{connected}},
		func(actors.Reply) {}) // without the actor there is nobody to alarm
}
