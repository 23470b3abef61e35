package guard

import (
	"errors"
	"time"
)

// Hardware is what a guard makes safe. It is opened before the guard says that
// it is armed, while the parent owns the outputs: opening must not move any.
type Hardware interface {
	// MakeSafe switches every output off, at once. It tries every one even if
	// another fails, tells which failed, and is called again until it succeeds. It
	// must end by itself within a second or so whatever the hardware does.
	MakeSafe() error
}

// ErrTaken is returned by a Hardware that somebody else has taken over in the
// meantime: whoever takes it over begins by making it safe.
var ErrTaken = errors.New("guard: the outputs are in other hands by now")

// How MakeSafe tries again.
const (
	firstPause   = 10 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

// MakeSafe has h made safe, trying again until it is or limit has passed; then
// it returns what could not be made safe. ErrTaken ends it at once.
func MakeSafe(h Hardware, limit time.Duration) error {
	end := time.Now().Add(limit)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := h.MakeSafe()
		if err == nil || errors.Is(err, ErrTaken) || time.Now().Add(pause).After(end) {
			return err
		}
		time.Sleep(pause)
	}
}
