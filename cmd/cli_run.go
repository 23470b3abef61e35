package cmd

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

func runCommand(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "run ACTION",
		Short: "Do one thing by hand: move liquid, light an LED, measure a blank",
		Example: `  pioactor run add_media --ml 1 --wait
  pioactor run led_intensity --B 10`,
		RunE: func(c *cobra.Command, args []string) error {
			var all []string
			for _, action := range c.Commands() {
				all = append(all, action.Name())
			}
			if len(args) > 0 {
				return usagef("%.40q is not an action; there are %s", args[0], strings.Join(all, ", "))
			}
			return usagef("want an action; there are %s", strings.Join(all, ", "))
		},
		Args: cobra.ArbitraryArgs,
	}
	c.AddCommand(
		doseCommand(g, "add_media", "Add medium to the vial"),
		doseCommand(g, "add_alt_media", "Add the alternative medium to the vial"),
		doseCommand(g, "remove_waste", "Remove liquid from the vial, down to the waste tube"),
		circulateCommand(g, "circulate_media", "Media in and waste out for a time, to rinse the vial and the tubes"),
		circulateCommand(g, "circulate_alt_media", "Alt media in and waste out for a time, to rinse the vial and the tubes"),
		pumpsCommand(g), stopDosingCommand(g),
		ledCommand(g),
		blankCommand(g),
	)
	return c
}

// doseFlags say how much, by volume or by time.
type doseFlags struct {
	ml, seconds  float64
	continuously bool
	wait         bool
}

func doseCommand(g *globals, action, short string) *cobra.Command {
	var f doseFlags
	c := &cobra.Command{
		Use:     action,
		Short:   short,
		Long:    short + ". What would overfill the vial is refused before the first drop.",
		Args:    cobra.NoArgs,
		Example: fmt.Sprintf("  pioactor run %s --ml 1 --wait\n  pioactor run %s --duration 5\n  pioactor run %s --continuously", action, action, action),
	}
	c.Flags().Float64Var(&f.ml, "ml", 0, "volume in `mL`")
	c.Flags().Float64Var(&f.seconds, "duration", 0, "how long the pump runs, in `s`")
	c.Flags().BoolVar(&f.continuously, "continuously", false, "until Ctrl-C; inflow ends before the vial is full")
	c.Flags().BoolVar(&f.wait, "wait", false, "wait until the liquid has moved, and tell how much did")
	c.RunE = func(c *cobra.Command, args []string) error {
		var d web.DoseRequest
		byML, byTime := c.Flags().Changed("ml"), c.Flags().Changed("duration")
		switch {
		case byML && byTime || f.continuously == (byML || byTime):
			return usagef("want exactly one of --ml, --duration and --continuously")
		case f.continuously:
			return g.talk(func(s *session) error { return s.pumpOn(action) })(c, args)
		case byML:
			d.ML = &f.ml
		default:
			d.DurationS = &f.seconds
		}
		return g.talk(func(s *session) error { return s.dose(action, d, f.wait) })(c, args)
	}
	return c
}

func (s *session) dose(action string, d web.DoseRequest, wait bool) error {
	answer, err := s.node.Dose(s.ctx, action, d)
	if err != nil {
		return err
	}
	if !wait {
		return s.show(answer, action+" is accepted; with --wait this tells how it ends")
	}
	var end any
	err = s.during(action, func() error { end, err = s.doseEnd(answer.ID); return err })
	return s.ended(action, end, err)
}

// ended words the end of a dose.
func (s *session) ended(action string, end any, err error) error {
	if err != nil {
		return err
	}
	switch end := end.(type) {
	case actors.Dosed:
		return s.show(end, action+": "+dosedText(end))
	case actors.DoseRefused:
		return &web.Error{Status: http.StatusConflict, Code: end.Code, Reason: end.Reason}
	}
	return fmt.Errorf("%s goes on; nobody waits for its end any more", action)
}

// doseEnd waits for the fact that ends the dose; nil when Ctrl-C came first.
func (s *session) doseEnd(id string) (end any, err error) {
	err = s.facts([]string{"dosed", "dose_refused"}, func(fact any) error {
		switch f := fact.(type) {
		case actors.Dosed:
			if f.ID == id {
				end = f
			}
		case actors.DoseRefused:
			if f.ID == id {
				end = f
			}
		}
		if end != nil {
			return errEnough
		}
		return nil
	})
	return end, err
}

func dosedText(d actors.Dosed) string {
	var parts []string
	for _, moved := range []struct {
		ml   float64
		what string
	}{{d.MediaML, "of media in"}, {d.AltMediaML, "of alt media in"}, {d.WasteML, "of waste out"}} {
		if moved.ml > 0 {
			parts = append(parts, fmt.Sprintf("%.2f mL %s", moved.ml, moved.what))
		}
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		text = "nothing moved"
	}
	if d.Cut != "" {
		text += "; it ended early: " + printable(d.Cut)
	}
	return text
}

// ledFlags are intensities, by flag for each channel or by name.
type ledFlags struct {
	channel string
	percent float64
	by      [4]float64 // A to D
}

func ledCommand(g *globals) *cobra.Command {
	var f ledFlags
	c := &cobra.Command{
		Use:   "led_intensity",
		Short: "Set LEDs, in percent; the others stay as they are",
		Args:  cobra.NoArgs,
		Example: `  pioactor run led_intensity --channel B --percent 10
  pioactor run led_intensity --B 10 --C 0`,
	}
	c.Flags().StringVar(&f.channel, "channel", "", "`A` to D, with --percent")
	c.Flags().Float64Var(&f.percent, "percent", 0, "intensity of --channel, 0 to 100 `%`")
	for i := range f.by {
		channel := string(rune('A' + i))
		c.Flags().Float64Var(&f.by[i], channel, 0, "intensity of channel "+channel+", 0 to 100 `%`")
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		light, err := f.request(c.Flags().Changed)
		if err != nil {
			return err
		}
		return g.talk(func(s *session) error {
			answer, err := s.node.Light(s.ctx, light)
			if err != nil {
				return err
			}
			return s.show(answer, "lit: "+lightText(light))
		})(c, args)
	}
	return c
}

func (f *ledFlags) request(given func(flag string) bool) (web.LEDRequest, error) {
	var light web.LEDRequest
	targets := []**float64{&light.A, &light.B, &light.C, &light.D}
	channels := []string{"A", "B", "C", "D"}
	if given("channel") != given("percent") {
		return light, usagef("want --channel and --percent together")
	}
	if given("channel") {
		i := slices.Index(channels, f.channel)
		if i < 0 {
			return light, usagef("--channel: want one of A, B, C, D, got %.20q", f.channel)
		}
		*targets[i] = &f.percent
	}
	for i, channel := range channels {
		switch {
		case !given(channel):
		case *targets[i] != nil:
			return light, usagef("channel %s is given twice", channel)
		default:
			*targets[i] = &f.by[i]
		}
	}
	if light == (web.LEDRequest{}) {
		return light, usagef("want a channel, such as --A 10")
	}
	return light, nil
}

func lightText(light web.LEDRequest) string {
	var texts []string
	for i, percent := range []*float64{light.A, light.B, light.C, light.D} {
		if percent != nil {
			texts = append(texts, fmt.Sprintf("%c at %s %%", 'A'+i, number(*percent)))
		}
	}
	return strings.Join(texts, ", ")
}
