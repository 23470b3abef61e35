package cmd

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
)

func circulateCommand(g *globals, action, short string) *cobra.Command {
	var seconds float64
	var wait bool
	c := &cobra.Command{
		Use: action, Short: short, Args: cobra.NoArgs,
		Long:    short + ".\n\nSmall turns of media and waste follow each other, so that the volume stays and the books are right at any moment.",
		Example: "  pioactor run " + action + " --duration 60",
	}
	c.Flags().Float64Var(&seconds, "duration", 0, "how long, in `s`")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the liquid has moved, and tell how much did")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !c.Flags().Changed("duration") {
			return usagef("want --duration")
		}
		return g.talk(func(s *session) error { return s.dose(action, web.DoseRequest{DurationS: &seconds}, wait) })(c, args)
	}
	return c
}

// pumpsFlag gathers --media 2 --sleep 5 --waste 2 in their order.
type pumpsFlag struct {
	name  string
	steps *[]map[string]float64
}

// String implements pflag.Value.
func (f pumpsFlag) String() string { return "" }

// Type implements pflag.Value.
func (f pumpsFlag) Type() string { return "number" }

// Set implements pflag.Value.
func (f pumpsFlag) Set(text string) error {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0) {
		return fmt.Errorf("want a number above 0")
	}
	*f.steps = append(*f.steps, map[string]float64{f.name: x})
	return nil
}

func pumpsCommand(g *globals) *cobra.Command {
	var steps []map[string]float64
	var wait bool
	c := &cobra.Command{
		Use: "pumps", Short: "Run pumps one after the other", Args: cobra.NoArgs,
		Long:    "Run pumps one after the other, in the order of the flags. All of it is checked before the first drop.",
		Example: "  pioactor run pumps --media 2 --waste 2 --sleep 5 --media 1.5",
	}
	for _, f := range [][2]string{{"media", "`mL` of media"}, {"alt_media", "`mL` of alt media"}, {"waste", "`mL` of waste"}, {"sleep", "`s` of pause"}} {
		c.Flags().Var(pumpsFlag{f[0], &steps}, f[0], f[1]+"; repeatable")
	}
	c.Flags().BoolVar(&wait, "wait", false, "wait until the liquid has moved, and tell how much did")
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(steps) == 0 {
			return usagef("want steps, such as --media 2 --waste 2")
		}
		return g.talk(func(s *session) error { return s.dose("pumps", web.DoseRequest{Sequence: steps}, wait) })(c, args)
	}
	return c
}

func stopDosingCommand(g *globals) *cobra.Command {
	var action string
	c := &cobra.Command{
		Use: "stop_dosing", Short: "Turn the pumps off and forget what was queued", Args: cobra.NoArgs,
		Long: "Turn the pumps off and forget what was queued. Waste that is owed still goes out. A dosing automation goes on with its\n" +
			"next dose; stop it with `pioactor jobs stop dosing_automation`.",
		Example: "  pioactor run stop_dosing\n  pioactor run stop_dosing --action add_media",
	}
	c.Flags().StringVar(&action, "action", "", "stop only what this `action` does")
	c.RunE = g.talk(func(s *session) error {
		answer, err := s.node.StopDosing(s.ctx, action)
		if err != nil {
			return err
		}
		return s.show(answer, "the pumps are off")
	})
	return c
}

// A pump that runs continuously is off this long after its command has died.
const (
	pumpLease = 6 * time.Second
	pumpRenew = 2 * time.Second
)

// pumpOn runs a pump until Ctrl-C, or until the unit ends it.
func (s *session) pumpOn(action string) error {
	lease := pumpLease.Seconds()
	d := web.DoseRequest{Continuously: true, DurationS: &lease, ID: rand.Text()}
	answer, err := s.node.Dose(s.ctx, action, d)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	defer close(done)
	go s.renew(action, d, done)
	var end any
	err = s.during(action+", Ctrl-C ends it", func() (err error) { end, err = s.doseEnd(answer.ID); return err })
	if err != nil || end != nil {
		return s.ended(action, end, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), pumpLease)
	defer cancel()
	if _, err := s.node.StopDosing(ctx, action); err != nil {
		return err
	}
	return s.show(answer, action+" is stopped")
}

// renew repeats the command until done.
func (s *session) renew(action string, d web.DoseRequest, done <-chan struct{}) {
	tick := time.NewTicker(pumpRenew)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-s.ctx.Done():
			return
		case <-tick.C:
			if _, err := s.node.Dose(s.ctx, action, d); err != nil {
				return // the unit lets the pump stop, and its end tells why
			}
		}
	}
}

func bottleCommand(g *globals) *cobra.Command {
	var ml, size float64
	bottles := []string{"media", "alt_media", "waste"}
	c := &cobra.Command{
		Use: "bottle BOTTLE --ml N", Short: "Tell what is in a bottle now, after a refill", Args: cobra.ExactArgs(1), ValidArgs: bottles,
		Long: "Tell what is in a bottle now, after a refill or a look at it: " + strings.Join(bottles, ", ") + ". Doses are counted from there on.\n" +
			"A bottle that [media] in the config does not declare is declared by this.",
		Example: "  pioactor bottle media --ml 500\n  pioactor bottle waste --ml 0 --size 1000",
	}
	c.Flags().Float64Var(&ml, "ml", 0, "what is in it, in `mL`")
	c.Flags().Float64Var(&size, "size", 0, "what it can hold, in `mL`; without it as before")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !c.Flags().Changed("ml") {
			return usagef("want --ml, what is in the bottle now")
		}
		return g.talk(func(s *session) error {
			answer, err := s.node.SetBottle(s.ctx, args[0], web.BottleRequest{ML: &ml, SizeML: size})
			if err != nil {
				return err
			}
			return s.show(answer, fmt.Sprintf("%s bottle: %s mL", args[0], number(ml)))
		})(c, args)
	}
	return c
}
