package device

import (
	"time"

	"github.com/pioactor/pioactor/actors"
)

// refresh drives again what a chip may have lost.
type refresh struct{}

const (
	refreshEvery = 10 * time.Second
	refreshRetry = 500 * time.Millisecond // in an OD window, which nothing may disturb
)

// again drives p as it should be, whatever it was driven with before.
func (b *bank) again(c *actors.Context, p *part) error { return b.drive(c, p, b.wanted(c, p)) }

// refresh writes every output once more, as it should be: that lights again what
// a chip forgot when its power failed, and puts right what a flipped bit made
// of a write. What is stuck has attempts of its own.
func (b *bank) refresh(c *actors.Context) {
	if b.hush != nil {
		c.After(refreshRetry, refresh{})
		return
	}
	c.After(refreshEvery, refresh{})
	b.lapse(c)
	for _, p := range b.parts {
		if p.stuck {
			continue
		}
		before := p.ill
		if err := b.again(c, p); err == nil && before {
			c.Log().Notice("%s obeys again", p.name)
		}
	}
}
