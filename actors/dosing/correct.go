package dosing

import (
	"errors"
	"fmt"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
)

// correct changes the books because somebody changed or looked at the vial. It
// is true, published and answered once it is on the disk; until then no dose
// begins. cause is the disturbance of the light, if it is one.
func (v *vial) correct(c *actors.Context, cmd actors.Command, cause string, change func(ledger.Ledger) (ledger.Ledger, error)) error {
	if v.active != nil || v.busy {
		return actors.Refuse("busy", "vial: a dose is running; wait for it or stop dosing")
	}
	before := v.book.ledger
	next, err := change(before)
	var no *ledger.Refusal
	if errors.As(err, &no) {
		return &actors.Refusal{Code: string(no.Code), Reason: no.Reason}
	}
	if err != nil {
		return &actors.Refusal{Code: "invalid", Reason: err.Error()}
	}
	peer := c.Later(cmd)
	v.book.ledger, v.busy = next, true
	v.save(c, func(c *actors.Context, err error) {
		v.busy = false
		if err != nil {
			v.book.ledger = before
			v.save(c, nil) // so that a restart of this actor does not take up what was refused
			c.AnswerTo(peer, actors.Reply{Code: "not_saved", Reason: fmt.Sprintf("vial: it cannot be written down: %v; make room on the disk", err)})
			return
		}
		if cause != "" {
			c.Publish(actors.Disturbance{Cause: cause})
		}
		v.looked(c, cmd.Body)
		c.AnswerTo(peer, actors.Reply{OK: true, Value: v.publish(c)})
	})
	return nil
}

// looked tells the dose check who has looked at the vial: a new one has other
// tubes, and a volume that was read off is no guess any more.
func (v *vial) looked(c *actors.Context, body any) {
	switch body := body.(type) {
	case actors.SwapVial:
		v.watch.trusted = false
		v.relearn(c)
	case actors.SetVial:
		v.forgive(c)
		if body.VolumeML != nil {
			v.relearn(c)
		}
	}
}

func (v *vial) corrected(l ledger.Ledger, s actors.SetVial) (ledger.Ledger, error) {
	var err error
	if s.VolumeML != nil {
		l, err = l.SetVolume(*s.VolumeML, v.limits)
	}
	if s.EffluxML != nil && err == nil {
		if l, err = l.SetEfflux(*s.EffluxML, v.limits); err == nil {
			err = l.CheckGeometry(v.cfg.MaxSubdoseML, v.limits)
		}
	}
	if s.AltFraction != nil && err == nil {
		l, err = l.SetAltMediaFraction(*s.AltFraction)
	}
	return l, err
}

// swapped is a fresh vial with a number of its own: what is kept of the old
// one's light carries the old number, and so ends with this one write.
func (v *vial) swapped(c *actors.Context, l ledger.Ledger, s actors.SwapVial) (ledger.Ledger, error) {
	volume, efflux, fraction := v.cfg.InitialVolumeML, v.cfg.EffluxTubeVolumeML, v.cfg.InitialAltFraction
	for _, given := range []struct{ from, to *float64 }{{s.VolumeML, &volume}, {s.EffluxML, &efflux}, {s.AltFraction, &fraction}} {
		if given.from != nil {
			*given.to = *given.from
		}
	}
	next, err := l.Swap(volume, efflux, fraction, v.limits)
	if err == nil {
		err = next.CheckGeometry(v.cfg.MaxSubdoseML, v.limits)
	}
	next.Vial = max(l.Vial+1, uint64(max(c.Now().Unix(), 0))) // unlike any before, also after books were lost
	return next, err
}

// paused reports that somebody works at the vial: waste that is owed waits.
func paused(c *actors.Context) bool { return c.Held() != "" }
