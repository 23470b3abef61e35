package cmd

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/bench"
	"github.com/pioactor/pioactor/bridge/web"
)

func vialCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "vial",
		Short: "What your hands do at the vial: pause, sample, swap, correct",
		Args:  cobra.NoArgs,
		Example: `  pioactor vial pause
  pioactor vial sample --ml 1
  pioactor vial resume`,
		RunE: g.talk(func(s *session) error {
			v, err := s.node.Vial(s.ctx)
			if err != nil {
				return err
			}
			return s.show(v, vialStateText(v))
		}),
	}
	c.AddCommand(
		plainVerb(g, "pause", "Stop dosing and OD readings; stirring, heat and light go on",
			"Returns when no pump runs. The pause lasts until `pioactor vial resume`, over restarts too; an alarm reminds of it."),
		plainVerb(g, "resume", "Let go on what the pause had stopped",
			"OD is read at once, dosing goes on 30 s later. A job that was stopped before or during the pause stays stopped."),
		plainVerb(g, "waste_seen", "I saw the waste leave: doses need not wait for OD to show it",
			"At first, automations add no more than the vial has room for, until OD shows that the waste leaves; readings may be too noisy\n"+
				"for that, or no cells in the vial. Say this when you saw it drip, best at set-up, when you prime the tubes: it may be said\n"+
				"before the first dose. It holds until the dose check finds a fault or the vial is swapped, over restarts too."),
		sampleCommand(g), swapCommand(g), setVialCommand(g), markCommand(g),
	)
	return c
}

func plainVerb(g *globals, verb, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: verb, Short: short, Long: short + ".\n\n" + long, Args: cobra.NoArgs, Example: "  pioactor vial " + verb,
		RunE: g.talk(func(s *session) error {
			return s.during(verb, func() error { return s.atVial(verb, bench.Request{}) })
		}),
	}
}

// atVial tells the unit, and prints what is true then.
func (s *session) atVial(verb string, r bench.Request) error {
	answer, err := s.node.AtVial(s.ctx, verb, r)
	if err != nil {
		return err
	}
	now, err := s.node.Vial(s.ctx)
	if err != nil {
		return err
	}
	return s.show(answer, vialStateText(now))
}

func vialStateText(v web.VialInfo) string {
	text := "the vial is in use"
	if v.State.Paused {
		text = "the vial is paused since " + v.State.Since.Local().Format("15:04:05") + "; end it with `pioactor vial resume`"
	} else if len(v.State.Jobs) > 0 {
		text = "the vial is in use; dosing goes on within 30 s of the resume"
	}
	text += fmt.Sprintf("\n%.2f mL, efflux tube at %s mL, %.3g %% alt media", v.Vial.VolumeML, number(v.Vial.EffluxML), 100*v.Vial.AltFraction)
	if v.Blank != nil && len(v.Blank.Means) > 0 {
		text += "\nblank " + meansText(v.Blank.Means) + ", measured " + v.Blank.TakenAt.Local().Format("2006-01-02 15:04")
	}
	return text
}

func meansText(means []actors.ChannelValue) string {
	var texts []string
	for _, m := range means {
		texts = append(texts, fmt.Sprintf("%.4g AU at photodiode %d", m.Value, m.Channel))
	}
	return strings.Join(texts, ", ")
}

func sampleCommand(g *globals) *cobra.Command {
	var ml float64
	c := &cobra.Command{
		Use: "sample", Short: "I took a sample: lower the volume, below the efflux tube too", Args: cobra.NoArgs,
		Example: "  pioactor vial sample --ml 1",
	}
	c.Flags().Float64Var(&ml, "ml", 0, "what was taken, in `mL`")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !c.Flags().Changed("ml") {
			return usagef("want --ml, how much was taken")
		}
		return g.talk(func(s *session) error { return s.atVial("sample", bench.Request{ML: &ml}) })(c, args)
	}
	return c
}

// volumes are flags that say what a vial holds.
type volumes struct{ volume, efflux, fraction float64 }

func (v *volumes) flags(c *cobra.Command) {
	c.Flags().Float64Var(&v.volume, "volume", 0, "what the vial holds, in `mL`")
	c.Flags().Float64Var(&v.efflux, "efflux", 0, "volume at the tip of the efflux tube, in `mL`")
	c.Flags().Float64Var(&v.fraction, "alt-fraction", 0, "`share` of alt media, 0 to 1")
}

func (v *volumes) request(c *cobra.Command) bench.Request {
	var r bench.Request
	for _, f := range []struct {
		name string
		from *float64
		to   **float64
	}{{"volume", &v.volume, &r.VolumeML}, {"efflux", &v.efflux, &r.EffluxML}, {"alt-fraction", &v.fraction, &r.AltFraction}} {
		if c.Flags().Changed(f.name) {
			*f.to = f.from
		}
	}
	return r
}

func swapCommand(g *globals) *cobra.Command {
	var v volumes
	c := &cobra.Command{
		Use: "swap", Short: "It is another vial now: volumes, blank, reference and normalization start anew", Args: cobra.NoArgs,
		Long: "It is another vial now: volumes, blank, reference and normalization start anew, all of them or none.\n\n" +
			"What is not given is what [bioreactor] says of a fresh vial.",
		Example: "  pioactor vial swap\n  pioactor vial swap --volume 14",
	}
	v.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return g.talk(func(s *session) error { return s.atVial("swap", v.request(c)) })(c, args)
	}
	return c
}

func setVialCommand(g *globals) *cobra.Command {
	var v volumes
	c := &cobra.Command{
		Use: "set", Short: "I looked at the vial: correct what is believed of it", Args: cobra.NoArgs,
		Example: "  pioactor vial set --volume 14.5",
	}
	v.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		r := v.request(c)
		if r == (bench.Request{}) {
			return usagef("want --volume, --efflux or --alt-fraction")
		}
		return g.talk(func(s *session) error { return s.atVial("set", r) })(c, args)
	}
	return c
}

func markCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "mark [CAUSE]", Short: "I touched the vial: a step in the light that is no growth", Args: cobra.ArbitraryArgs,
		Example: "  pioactor vial mark \"turned the vial\"",
		RunE: g.talk(func(s *session) error {
			answer, err := s.node.AtVial(s.ctx, "mark", bench.Request{Cause: strings.Join(s.args, " ")})
			if err != nil {
				return err
			}
			return s.show(answer, "marked: the next reading is not taken for growth")
		}),
	}
}

// blankName is the action that measures a blank.
const blankName = "od_blank"

func blankCommand(g *globals) *cobra.Command {
	samples := 30
	c := &cobra.Command{
		Use: blankName, Short: "Measure the medium alone, which OD readings subtract", Args: cobra.NoArgs,
		Long: "Measure the medium alone, which OD readings subtract from then on. Ctrl-C cancels, and changes nothing.\n\n" +
			"With a culture running: pause the vial, put medium in its place, blank, put the culture back, resume.\n" +
			"The normalized OD of a running culture stays what it is.",
		Example: "  pioactor run od_blank\n  pioactor run od_blank delete",
	}
	c.Flags().IntVar(&samples, "n-samples", samples, "`how many` readings, 5 to 200")
	c.RunE = g.talk(func(s *session) error { return s.blank(samples) })
	c.AddCommand(&cobra.Command{
		Use: "delete", Short: "Subtract no blank any more", Args: cobra.NoArgs, Example: "  pioactor run od_blank delete",
		RunE: g.talk(func(s *session) error {
			answer, err := s.node.AtVial(s.ctx, "unblank", bench.Request{})
			if err != nil {
				return err
			}
			return s.show(answer, "no blank is subtracted any more")
		}),
	})
	return c
}

// blank measures, shows how far it is, and cancels on Ctrl-C.
func (s *session) blank(samples int) error {
	before, err := s.node.Status(s.ctx)
	if err != nil {
		return err
	}
	answer, err := s.node.MeasureBlank(s.ctx, web.BlankRequest{Samples: samples})
	if err != nil {
		return err
	}
	var end *actors.JobState
	err = s.facts([]string{"job_state", "setting_changed"}, func(fact any) error {
		switch f := fact.(type) {
		case actors.SettingChanged:
			if f.Job == blankName && f.Setting == "samples_taken" && f.Value != nil && f.At.After(before.Now) {
				s.step(fmt.Sprintf("%v of %d readings", f.Value, samples))
			}
		case actors.JobState:
			if f.Job == blankName && f.State == actors.Disconnected && f.At.After(before.Now) {
				end = &f
				return errEnough
			}
		}
		return nil
	})
	s.step("")
	switch {
	case err != nil:
		return err
	case end == nil:
		if _, err := s.node.Stop(s.ctx, blankName); err != nil {
			return err
		}
		return s.show(web.Answer{ID: answer.ID}, "cancelled; nothing has changed")
	case end.Reason != "":
		return &web.Error{Status: http.StatusConflict, Code: "not_blanked", Reason: end.Reason}
	}
	return s.newBlank(before.Now)
}

// newBlank shows what was measured since.
func (s *session) newBlank(since time.Time) error {
	v, err := s.node.Vial(s.ctx)
	if err != nil {
		return err
	}
	if v.Blank == nil || v.Blank.TakenAt.Before(since) {
		return fmt.Errorf("%s was stopped before it had measured; nothing has changed", blankName)
	}
	return s.show(v.Blank, "blank "+meansText(v.Blank.Means))
}

// step repaints one line on a terminal, or wipes it.
func (p *printer) step(text string) {
	if p.live {
		_, _ = fmt.Fprintf(p.errs, "\r\x1b[K%s", text) // decoration: the answer tells the outcome
	}
}
