package bench

import (
	"fmt"
	"math"
	"slices"

	"github.com/pioactor/pioactor/actors"
)

const (
	historyKept = 64   // blanks of one vial; nobody measures as many
	maxBlankAU  = 100  // far above any medium
	leastLeft   = 0.05 // of the culture's OD that a new blank must leave
)

// setBlank replaces an experiment's blank. The one write that makes it true also
// holds by how much normalization moves, so that no power cut comes between.
func (b *bench) setBlank(c *actors.Context, cmd actors.Command, s actors.SetBlank) error {
	old := b.blankOf(s.Experiment)
	if err := b.admitBlank(c, s, old); err != nil {
		return err
	}
	next := b.next(c, s, old)
	before := b.kept.Blanks
	b.kept.Blanks = replaced(before, next)
	b.blanking = true
	peer := c.Later(cmd)
	b.save(c, func(c *actors.Context, err error) {
		b.blanking = false
		if err != nil {
			b.kept.Blanks = before
			b.save(c, nil) // so that a restart of this actor does not take up what was refused
			c.AnswerTo(peer, actors.Reply{Code: "not_saved", Reason: fmt.Sprintf("blank: it cannot be written down: %v; make room on the disk", err)})
			return
		}
		if b.blankOf(s.Experiment).ID != next.ID {
			c.AnswerTo(peer, actors.Reply{Code: "other_vial", Reason: "blank: the vial was swapped meanwhile; measure it again"})
			return
		}
		published := publishBlank(c, next)
		c.Log().Notice("Blank of %q is %s now%s.", s.Experiment, text(next.Means), instead(old))
		c.AnswerTo(peer, actors.Reply{OK: true, Value: published})
	})
	return nil
}

func (b *bench) blankOf(experiment string) actors.Blank {
	i := slices.IndexFunc(b.kept.Blanks, func(k actors.Blank) bool { return k.Experiment == experiment })
	if i < 0 {
		return actors.Blank{}
	}
	return b.kept.Blanks[i]
}

// admitBlank is every reason to refuse a blank.
func (b *bench) admitBlank(c *actors.Context, s actors.SetBlank, old actors.Blank) error {
	no := func(code, format string, args ...any) error {
		return &actors.Refusal{Code: code, Reason: "blank: " + fmt.Sprintf(format, args...)}
	}
	for i, m := range s.Means {
		if m.Channel < 1 || m.Channel > 4 || i > 0 && m.Channel <= s.Means[i-1].Channel || !(m.Value >= 0 && m.Value <= maxBlankAU) {
			return no("invalid", "photodiode %d at %v AU: want 1 to 4, ascending, and 0 to %d AU", m.Channel, m.Value, maxBlankAU)
		}
	}
	switch {
	case b.blanking:
		return no("busy", "another one is being written; try again in a second")
	case b.vial != 0 && s.Vial != b.vial && len(s.Means) > 0:
		return no("other_vial", "it was measured before the vial was swapped; measure it again")
	case len(s.Means) == 0 && len(old.Means) == 0:
		return no("no_blank", "%q has none", s.Experiment)
	case byOD(c, s.Experiment):
		return no("od_steers", "%s steers by od, which another blank changes: it would go for another density; stop it, or let it steer by normalized_od", dosing)
	}
	for _, r := range lastReadings(c, s.Experiment) {
		left := r.Value + r.BlankAU - valueAt(s.Means, r.Channel)
		if !(left > 0 && left >= leastLeft*r.Value) {
			return no("above_culture", "%.4g AU at photodiode %d leaves nothing of the culture, which read %.4g AU with %.4g AU subtracted; was the culture in the vial?",
				valueAt(s.Means, r.Channel), r.Channel, r.Value, r.BlankAU)
		}
	}
	return nil
}

// byOD reports whether a dosing automation of the experiment has a target in AU.
func byOD(c *actors.Context, experiment string) bool {
	signal, _, _ := actors.Latest[actors.SettingChanged](c, dosing+"/biomass_signal")
	state, _, _ := actors.Latest[actors.JobState](c, dosing)
	return signal.Value == "od" && lives(state) && state.Experiment == experiment
}

func lives(s actors.JobState) bool {
	return s.State == actors.Init || s.State == actors.Ready || s.State == actors.Sleeping
}

// lastReadings are those of the culture that growth follows; none without it.
func lastReadings(c *actors.Context, experiment string) []actors.ODReading {
	if _, known := level(c, experiment); !known {
		return nil
	}
	all, _, _ := actors.Latest[actors.ODReadings](c, "")
	return all.Readings
}

// level is the normalized OD that a growth job of the experiment has in hand.
func level(c *actors.Context, experiment string) (x float64, known bool) {
	state, _, _ := actors.Latest[actors.JobState](c, growth)
	od, _, ok := actors.Latest[actors.ODFiltered](c, "")
	if ok && lives(state) && state.Experiment == experiment && od.Experiment == experiment && od.Value > 0 {
		return od.Value, true
	}
	return 1, false
}

// next is the new blank. A reading r has the normalized OD x = (r − old)/factor;
// with factor + (old − new)/x it keeps x. Where nobody knows x, the factor is
// corrected as if the new blank had been there when it was taken: x = 1.
func (b *bench) next(c *actors.Context, s actors.SetBlank, old actors.Blank) actors.Blank {
	x, _ := level(c, s.Experiment)
	now := c.Now()
	step := actors.BlankChange{From: old.ID, To: now.Format("20060102T150405.000000Z"), At: now, Means: slices.Clone(s.Means)}
	if step.To <= old.ID {
		step.To = old.ID + "+"
	}
	for channel := 1; channel <= 4; channel++ {
		if shift := (valueAt(old.Means, channel) - valueAt(s.Means, channel)) / x; shift != 0 && !math.IsInf(shift, 0) {
			step.Factors = append(step.Factors, actors.ChannelValue{Channel: channel, Value: shift})
		}
	}
	history := append(slices.Clone(old.History), step)
	if extra := len(history) - historyKept; extra > 0 {
		history = history[extra:]
	}
	return actors.Blank{Meta: actors.Meta{Experiment: s.Experiment}, ID: step.To, Vial: b.vial, TakenAt: now,
		Samples: s.Samples, Means: step.Means, History: history}
}

func valueAt(values []actors.ChannelValue, channel int) float64 {
	for _, v := range values {
		if v.Channel == channel {
			return v.Value
		}
	}
	return 0
}

func replaced(blanks []actors.Blank, next actors.Blank) []actors.Blank {
	all := slices.DeleteFunc(slices.Clone(blanks), func(k actors.Blank) bool { return k.Experiment == next.Experiment })
	return append(all, next)
}

func publishBlank(c *actors.Context, blank actors.Blank) actors.Fact {
	experiment := blank.Experiment
	blank.Meta = actors.Meta{}
	return c.PublishFor(experiment, blank)
}

// swapped ends the blanks of another vial. od_reading knows it by the vial's
// number at once; this tells everybody else.
func (b *bench) swapped(c *actors.Context, v actors.Vial) {
	if v.Number == 0 || v.Number == b.vial {
		return
	}
	b.vial = v.Number
	var rest []actors.Blank
	for _, blank := range b.kept.Blanks {
		if blank.Vial == v.Number {
			rest = append(rest, blank)
			continue
		}
		publishBlank(c, actors.Blank{Meta: actors.Meta{Experiment: blank.Experiment}, Vial: v.Number})
		c.Log().Notice("The vial was swapped: its blank %s of %q ends.", text(blank.Means), blank.Experiment)
	}
	if len(rest) < len(b.kept.Blanks) {
		b.kept.Blanks = rest
		b.save(c, nil)
	}
}

func text(means []actors.ChannelValue) string {
	if len(means) == 0 {
		return "none"
	}
	out := ""
	for i, m := range means {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprintf("%.4g AU at photodiode %d", m.Value, m.Channel)
	}
	return out
}

func instead(old actors.Blank) string {
	if old.ID == "" {
		return ""
	}
	return fmt.Sprintf(", instead of %s (%s)", text(old.Means), old.ID)
}
