package cmd

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// A simulated past has thousands of doses before anybody looks.
func TestAScreenThatNobodyPaintsHoldsNothingBack(t *testing.T) {
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: clock.Virtual(time.Now(), 0), State: state.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	s := newScreen(io.Discard, false, sys)
	sys.Publish("exp", actors.SettingChanged{Job: "dosing_automation", Setting: "automation_name", Value: "turbidostat"})
	for range 5000 {
		sys.Publish("exp", actors.Dosed{MediaML: 1})
	}
	if sys.Congested() {
		t.Error("the screen holds back doses")
	}
	if got := s.about("dosing_automation", time.Now()); !strings.Contains(got, "5000 doses, the last of 1.00 mL") {
		t.Errorf("the screen says %q, want 5000 doses", got)
	}
}
