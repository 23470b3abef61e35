package device

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/hw"
)

// buttonEvery is how soon a finger is noticed; the board counts presses in between.
const buttonEvery = 500 * time.Millisecond

// button is the actor "button": it looks at the button twice a second.
//
// Takes: Tick. Sends: protocol.Button when it moved; a press that began and
// ended between two looks makes two, down and up.
// Fails by: only a bug. A button that cannot be read is a line in the log.
type button struct {
	part hw.Button
	now  hw.Presses
	ill  bool
}

func buttonSpec(part hw.Button) actors.Spec {
	return actors.Spec{Name: buttonName, New: func() actors.Job { return &button{part: part} }}
}

// Receive implements actors.Job.
func (b *button) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case actors.Started:
		c.Every(buttonEvery)
		b.first(c)
	case actors.Tick:
		b.look(c)
	}
	return nil
}

// first takes the count as it is: presses before the start are nobody's.
func (b *button) first(c *actors.Context) {
	if p, ok := b.read(c); ok {
		b.now = p
		c.Publish(protocol.Button{Down: p.Down, Presses: p.Count})
	}
}

func (b *button) look(c *actors.Context) {
	p, ok := b.read(c)
	if !ok || p == b.now {
		return
	}
	missed := p.Count > b.now.Count && !p.Down
	b.now = p
	if missed {
		c.Publish(protocol.Button{Down: true, Presses: p.Count})
	}
	c.Publish(protocol.Button{Down: p.Down, Presses: p.Count})
}

func (b *button) read(c *actors.Context) (hw.Presses, bool) {
	p, err := b.part.Presses()
	if err != nil && !b.ill {
		c.Log().Warning("the button cannot be read: %v", err)
	}
	b.ill = err != nil
	return p, err == nil
}

var _ actors.Job = (*button)(nil)
