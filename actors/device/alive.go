package device

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// pulse is how often "devices" says that it is alive: a guard takes 5 s without
// a word for a hang.
const pulse = time.Second

// watchOver begins the beats. The first comes before anything below can have
// been told to move.
func (d *devices) watchOver(c *actors.Context) {
	if d.cfg.Alive == nil {
		return
	}
	d.beat(c)
	actors.Subscribe[actors.OwnerGone](c)
	c.Every(pulse)
	d.callRoll(c)
}

// callRoll asks every device. A beat follows when all have answered: an actor
// that hangs in a driver can switch nothing off any more, though "devices" lives.
func (d *devices) callRoll(c *actors.Context) {
	if d.roll.Call(c, d.names...) {
		d.beat(c) // none is waited for: those missing have failed, their outputs safe
	}
}

// beat tells whoever watches. Without a guard the outputs go on: stopping a
// culture for it would be the greater harm.
func (d *devices) beat(c *actors.Context) {
	if err := d.cfg.Alive(); err != nil {
		c.Raise("guard_lost", "high", fmt.Sprintf("Nobody would switch the outputs off if this program died: %v. Another guard is started; if this stays, restart pioactor.", err), false)
		return
	}
	c.Clear("guard_lost")
}
