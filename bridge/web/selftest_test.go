package web

import (
	"slices"
	"testing"

	"github.com/pioactor/pioactor/actors"
)

func TestSelfTestIsToldInTheOrderOfItsChecks(t *testing.T) {
	s, c := serve(t)
	ctx := patient(t)
	if got, err := c.SelfTest(ctx); err != nil || got.Test != nil || len(got.Checks) != 0 {
		t.Errorf("before any test: %+v, %v", got, err)
	}
	s.sys.Publish("", actors.SelfTest{Running: true})
	for _, name := range []string{"test_b", "test_c", "test_a"} {
		s.sys.Publish("", actors.SelfTestCheck{Name: name, Verdict: actors.Passed, Measured: []actors.Measure{{Name: "x", Value: 0.5, Unit: "V"}}})
	}
	s.sys.Publish("", actors.SelfTest{Passed: 3, Correlations: []actors.Correlation{{LED: "A", Photodiode: "1", R: 1}}})
	got, err := c.SelfTest(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range got.Checks {
		names = append(names, k.Name)
	}
	if !slices.Equal(names, []string{"test_b", "test_c", "test_a"}) || got.Test == nil || got.Test.Passed != 3 || got.Checks[0].Measured[0].Value != 0.5 {
		t.Errorf("%+v", got)
	}
}

func TestIdentifyReachesTheMonitor(t *testing.T) {
	s, c := serve(t)
	ctx := patient(t)
	if _, err := c.Identify(ctx); err == nil {
		t.Error("identify without a monitor was answered with yes")
	}
	if err := s.sys.Start(actors.Spec{Name: "monitor", New: func() actors.Job { return echo{} }}); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Identify(ctx); err != nil || !got.OK {
		t.Errorf("%+v, %v", got, err)
	}
}
