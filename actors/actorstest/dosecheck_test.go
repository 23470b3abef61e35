package actorstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
)

// watched is a vial under the dose check: how it is fed, how noisy its readings
// are, how far its pumps are off, and how strict somebody wants it.
type watched struct {
	regime string
	noise  float64 // relative standard deviation of a reading; 0: the family "noisy", which has a memory
	pump   float64
	mostML float64 // [media] max_unverified_ml
}

func (w watched) String() string {
	noise := fmt.Sprintf("%.1f %%", 100*w.noise)
	if w.noise == 0 {
		noise = "noisy"
	}
	return fmt.Sprintf("%-16s noise %-6s pump %.2f strict %g", w.regime, noise, w.pump, w.mostML)
}

// open starts the vial: in regime "chemostat" that of the defaults, which starves.
func (w watched) open(t testing.TB, seed uint64) *House {
	return Open(t, HouseOptions{Seed: seed, Forget: true, Configure: func(c *cmd.Config) {
		c.Media.MaxUnverifiedML = w.mostML
		c.Sim.InitialODAU, c.Sim.LagH, c.Sim.NoiseCV = 1.2, 0, w.noise
		if w.noise == 0 {
			c.Sim.Noise = "noisy"
		}
		c.Sim.MediaRateFactor, c.Sim.MediaBottleML, c.Sim.WasteBottleML = w.pump, 5000, 5000
		start := "turbidostat target_biomass=1.3"
		switch w.regime {
		case "slow turbidostat":
			c.Sim.MuMaxPerH = 0.1
		case "chemostat":
			start, c.Sim.InitialODAU = "chemostat", 0.05
		}
		c.Sim.Start = []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=" + start}
	}})
}

// strictML suits a 20 mL vial.
const strictML = 4.3

// outcome is what became of a watched vial.
type outcome struct {
	doses, after int // dosed in all, and with the fault before the alarm
	ml           float64
	stopped      time.Duration // 0: not
	asks         int           // how often somebody had to look at a vial that was well
	asked        time.Duration
	text         string
	overflowML   float64
}

// live runs w for length, with fault from at on, until the check stops dosing. Who
// set it up has seen the waste leave, unless it never did.
func (w watched) live(t testing.TB, seed uint64, length time.Duration, fault string, at time.Duration) (o outcome) {
	h := w.open(t, seed)
	broken, stop, ask := false, false, false
	if at > 0 || fault == "" {
		h.WasteSeen()
	}
	h.OnFact(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.Dosed:
			if o.doses++; f.MediaML > 0 && broken && !stop {
				o.after++
			}
		case actors.Alarm:
			held := strings.HasPrefix(f.Text, "Dosing is held back")
			if f.Name != "dose_check" || !f.Active || f.Acked {
				return
			}
			if ask = held && !broken; !ask && !stop {
				stop, o.stopped, o.text = true, h.Lived(), f.Text
			}
		}
	})
	for h.Lived() < length && !stop {
		if h.Lived() >= at && fault != "" && !broken {
			inject(t, h, fault)
			broken = true
		}
		if ask {
			ask = false
			o.asks, o.asked = o.asks+1, h.Lived()
			h.WasteSeen()
		}
		h.Run(min(10*time.Minute, max(length-h.Lived(), time.Second)))
	}
	if stop {
		h.Run(time.Hour)
	}
	truth := h.Board.Truth()
	o.ml, o.overflowML = truth.VolumeML, truth.OverflowML
	return o
}

// TestScoredDoseCheck is a small part of the soak's table: a vial that is well
// is left alone, whatever stops never runs over.
func TestScoredDoseCheck(t *testing.T) {
	scored(t)
	if o := (watched{"turbidostat", 0.016, 1.15, 0}).live(t, 4, 6*time.Hour, "", 0); o.stopped != 0 || o.asks > 0 || o.doses < 50 {
		t.Errorf("a sound turbidostat: %+v", o)
	}
	for i, w := range []watched{{"turbidostat", 0.033, 1.15, strictML}, {"chemostat", 0.033, 1.15, strictML}, {"chemostat", 0.006, 1.15, strictML}} {
		o := w.live(t, uint64(5+i), 12*time.Hour, "waste_blocked:1", 5*time.Hour)
		if o.stopped == 0 || o.overflowML > 0 {
			t.Errorf("%s: blocked waste: %+v", w, o)
		}
	}
	if o := (watched{"chemostat", 0.006, 0.85, strictML}).live(t, 8, 14*time.Hour, "bottle_empty:media", 10*time.Hour); o.stopped == 0 || o.after > 6 {
		t.Errorf("an empty bottle of a starved chemostat: %+v", o)
	}
}
