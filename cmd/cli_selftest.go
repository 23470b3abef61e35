package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

func identifyCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "identify",
		Short:   "Blink the unit's status LED, to find it among others",
		Args:    cobra.NoArgs,
		Example: `  pioactor identify`,
		RunE: g.talk(func(s *session) error {
			answer, err := s.node.Identify(s.ctx)
			if err != nil {
				return err
			}
			return s.show(answer, "the status LED blinks")
		}),
	}
}

func selfTestCommand(g *globals) *cobra.Command {
	var last bool
	c := &cobra.Command{
		Use:   "self-test",
		Short: "Test the unit's electronics and optics",
		Long: "Test the unit's electronics and optics: eleven checks, about four minutes. Put a vial of water or fresh medium with a\n" +
			"stir bar into the unit and close it. Stirring, OD and automations must be stopped. Ctrl-C cancels, outputs off.\n\n" +
			"Ends with 0 when every check passed, with 1 otherwise.",
		Args: cobra.NoArgs,
		Example: `  pioactor self-test
  pioactor self-test --last`,
	}
	c.Flags().BoolVar(&last, "last", false, "show what the last test found, and test nothing")
	c.RunE = g.talk(func(s *session) error {
		known, err := s.node.SelfTest(s.ctx)
		if err != nil {
			return err
		}
		if last {
			return s.lastTest(known)
		}
		return s.selfTest(known)
	})
	return c
}

func (s *session) lastTest(known web.SelfTest) error {
	if known.Test == nil {
		return s.show(known, "no self-test so far")
	}
	var b strings.Builder
	for _, k := range known.Checks {
		b.WriteString(checkText(k) + "\n")
	}
	end := *known.Test
	if err := s.show(known, b.String()+endText(end)); err != nil {
		return err
	}
	return passed(end)
}

// passed is errSaid unless every check passed.
func passed(end actors.SelfTest) error {
	if end.Running || end.Failed+end.Skipped > 0 {
		return errSaid
	}
	return nil
}

// selfTest starts a test and shows each verdict as it falls.
func (s *session) selfTest(before web.SelfTest) error {
	if _, err := s.node.Start(s.ctx, "self_test", nil); err != nil {
		return err
	}
	var seen uint64
	if before.Test != nil {
		seen = before.Test.Seq
	}
	var end *actors.SelfTest
	began := false
	err := s.facts([]string{"self_test", "self_test_check"}, func(fact any) error {
		switch f := fact.(type) {
		case actors.SelfTest:
			began = began || f.Seq > seen && f.Running
			if began && !f.Running {
				end = &f
				return errEnough
			}
		case actors.SelfTestCheck:
			if began && f.Verdict != "" {
				return s.show(f, checkText(f))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if end == nil {
		_, err := s.node.Stop(context.WithoutCancel(s.ctx), "self_test")
		return errors.Join(errors.New("the self-test was cancelled"), err)
	}
	if err := s.show(*end, endText(*end)); err != nil {
		return err
	}
	return passed(*end)
}

var verdictSigns = map[string]string{actors.Passed: "ok", actors.Failed: "FAILED", actors.Skipped: "skipped", "": "not yet"}

func checkText(k actors.SelfTestCheck) string {
	text := fmt.Sprintf("%-8s %s", verdictSigns[k.Verdict], printable(k.Title))
	if k.Text != "" {
		text += ": " + printable(k.Text)
	}
	if k.Remedy != "" {
		text += "\n         " + printable(k.Remedy)
	}
	return text
}

func endText(end actors.SelfTest) string {
	if end.Running {
		return "the test is still running"
	}
	return fmt.Sprintf("%d passed, %d failed, %d skipped, %s", end.Passed, end.Failed, end.Skipped, end.At.Local().Format("2006-01-02 15:04"))
}
