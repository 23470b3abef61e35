package automation_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard"
)

func lightHouse(t *testing.T, seed uint64, start ...string) *actorstest.House {
	t.Helper()
	return actorstest.Open(t, actorstest.HouseOptions{Seed: seed, Configure: func(c *cmd.Config) { c.Sim.Start = start }})
}

// led is what really shines, in percent.
func led(h *actorstest.House, channel byte) float64 { return h.Board.Truth().LEDPct[channel-'A'] }

func TestDayAndNightOver72Hours(t *testing.T) {
	for seed := uint64(1); seed <= 3/thin; seed++ {
		h := lightHouse(t, seed, "led_automation=light_dark_cycle light_intensity=5 light_duration_minutes=960 dark_duration_minutes=480")
		rng := rand.New(rand.NewPCG(seed, 1))
		for h.Lived() < 72*time.Hour {
			h.Run(time.Duration(1 + rng.Int64N(int64(time.Hour))))
			want := 0.0
			if h.Lived()%(24*time.Hour) < 16*time.Hour {
				want = 5
			}
			if c, d := led(h, 'C'), led(h, 'D'); c != want || d != want {
				t.Fatalf("seed %d: after %v C and D at %v and %v %%, want %v", seed, h.Lived(), c, d, want)
			}
			switch rng.IntN(12) {
			case 0:
				h.Kill()
				h.Run(time.Second)
			case 1:
				h.System.Crash("led_automation", "planned")
				h.Run(time.Second)
			case 2:
				h.System.Crash("leds", "planned") // the device: the light is asked for again within a minute
				h.Run(61 * time.Second)
			}
		}
	}
}

func TestBoundaryIsExact(t *testing.T) {
	h := lightHouse(t, 2, "led_automation=light_dark_cycle light_duration_minutes=90.5 dark_duration_minutes=30.25")
	began := h.Clock.Now()
	h.Run(6 * time.Hour)
	var got []time.Duration
	for _, e := range actorstest.Collect[actors.LEDChanged](h) {
		if e.Channel == "D" {
			got = append(got, e.At.Sub(began))
			if e.Source != "led_automation:light_dark_cycle" {
				t.Errorf("source %q", e.Source)
			}
		}
	}
	cycle, light := 120*time.Minute+45*time.Second, 90*time.Minute+30*time.Second
	for i, at := range got {
		want := time.Duration(i/2) * cycle
		if i%2 == 1 {
			want += light
		}
		if at != want {
			t.Errorf("change %d after %v, want %v", i, at, want)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d changes in 6 h, want 6", len(got))
	}
	var events int
	for _, e := range actorstest.Collect[actors.AutomationEvent](h) {
		if e.Name == "ChangedLedIntensity" {
			events++
		}
	}
	if events != 6 {
		t.Errorf("%d ChangedLedIntensity, want 6", events)
	}
}

func TestLightSettingsCountAtOnce(t *testing.T) {
	h := lightHouse(t, 3, "led_automation=light_dark_cycle")
	at := func(what string, want float64) {
		t.Helper()
		if h.Run(time.Second); led(h, 'D') != want || led(h, 'C') != want {
			t.Errorf("%s: D at %v %%, want %v", what, led(h, 'D'), want)
		}
	}
	at("the first day", 5)
	h.Set("led_automation", "light_intensity", 12.5)
	at("brighter", 12.5)
	h.Run(2 * time.Hour)
	h.Set("led_automation", "light_duration_minutes", 60)
	at("a shorter day is over", 0)
	h.Set("led_automation", "dark_duration_minutes", 60)
	at("2 h into cycles of 1 h and 1 h", 12.5)
	h.Set("led_automation", "light_duration_minutes", 0)
	at("no day at all", 0)
	h.Set("led_automation", "light_duration_minutes", 60)
	h.Set("led_automation", "dark_duration_minutes", 0)
	h.Run(20 * time.Hour)
	at("no night at all", 12.5)
	h.Do("led_automation", actors.SetState{State: actors.Sleeping})
	at("asleep", 0)
	h.Do("led_automation", actors.SetState{State: actors.Ready})
	at("awake", 12.5)
	if r := h.Set("led_automation", "light_intensity", 101); r.Code != "out_of_range" {
		t.Errorf("101 %%: %+v", r)
	}
}

func TestStoppedCycleBeginsWithANewDay(t *testing.T) {
	h := lightHouse(t, 1, "led_automation=light_dark_cycle")
	h.Run(17 * time.Hour)
	if led(h, 'D') != 0 {
		t.Fatal("no night after 16 h")
	}
	h.Do("led_automation", actors.SetState{State: actors.Disconnected})
	h.Run(time.Second)
	if r := h.Do("experiment", actors.StartJob{Job: "led_automation", Options: pairs("automation_name", "light_dark_cycle")}); !r.OK {
		t.Fatal(r.Reason)
	}
	if h.Run(time.Second); led(h, 'D') != 5 {
		t.Errorf("D at %v %% after a new start, want a new day", led(h, 'D'))
	}
}

func TestNobodyTakesALightThatIsHeld(t *testing.T) {
	h := lightHouse(t, 1, "stirring", "od_reading", "led_automation=light_dark_cycle light_duration_minutes=60")
	h.Run(time.Minute)
	ten := 10.0
	for _, c := range []struct {
		set  actors.SetLEDs
		code string
	}{
		{actors.SetLEDs{D: &ten}, "held"}, // by the automation
		{actors.SetLEDs{A: &ten}, "held"}, // by od_reading
		{actors.SetLEDs{B: &ten, C: &ten}, "held"},
	} {
		if r := h.Do("leds", c.set); r.Code != c.code || r.Reason == "" {
			t.Errorf("%+v: %+v, want %s", c.set, r, c.code)
		}
	}
	if led(h, 'B') != 0 {
		t.Errorf("B at %v %% after a refused wish, want 0: all or none", led(h, 'B'))
	}
	h.Run(time.Hour)
	if r := h.Do("leds", actors.SetLEDs{D: &ten}); r.Code != "held" {
		t.Errorf("at night: %+v, want held", r)
	}
	if r := h.Do("leds", actors.SetLEDs{B: &ten}); !r.OK || led(h, 'B') != 10 {
		t.Errorf("B: %+v, %v %%; want 10", r, led(h, 'B'))
	}
	h.Do("led_automation", actors.SetState{State: actors.Disconnected})
	if r := h.Do("leds", actors.SetLEDs{D: &ten}); !r.OK {
		t.Errorf("once it has stopped: %+v", r)
	}
	h.Do("od_reading", actors.SetState{State: actors.Disconnected})
	if r := h.Do("leds", actors.SetLEDs{A: &ten}); !r.OK || led(h, 'A') != 10 {
		t.Errorf("A without od_reading: %+v, %v %%", r, led(h, 'A'))
	}
	h.Run(time.Second)
	if r := h.Do("experiment", actors.StartJob{Job: "od_reading"}); !r.OK {
		t.Fatal(r.Reason)
	}
	if h.Run(time.Second); led(h, 'A') != 0 {
		t.Errorf("A at %v %% beside od_reading, want 0", led(h, 'A'))
	}
}

func TestEveryWindowGivesTheLightBack(t *testing.T) {
	h := lightHouse(t, 1, "stirring", "od_reading", "led_automation=light_dark_cycle")
	var dark, lit int
	h.OnFact(func(f actors.Fact) {
		if l, ok := f.(actors.LEDs); ok {
			switch {
			case l.D == 0 && l.A > 0:
				dark++
			case l.D == 5 && l.C == 5 && l.A == 0:
				lit++
			}
		}
	})
	h.Run(10 * time.Minute)
	if dark < 100 || lit < dark || led(h, 'D') != 5 {
		t.Errorf("in 10 min %d windows, light given back %d times, D at %v %%; want over 100, all, 5", dark, lit, led(h, 'D'))
	}
	if n := len(actorstest.Collect[actors.LEDChanged](h)); n != 2 {
		t.Errorf("%d LEDChanged, want the 2 of the automation", n)
	}
}

func TestLightLostToTheODReadingIsTold(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "led_automation=light_dark_cycle"}
		c.SetJob("led_automation.light_dark_cycle", "channels", []any{"A"})
	}})
	if h.Run(time.Minute); led(h, 'A') != 5 {
		t.Fatalf("A at %v %%, want 5", led(h, 'A'))
	}
	if r := h.Do("experiment", actors.StartJob{Job: "od_reading"}); !r.OK {
		t.Fatal(r.Reason)
	}
	h.Run(5 * time.Minute)
	if e := actorstest.Collect[actors.AutomationEvent](h); e[len(e)-1].Name != "ErrorOccurred" || led(h, 'A') == 5 {
		t.Errorf("last event %+v, A at %v %%; want ErrorOccurred, and no light but the windows'", e[len(e)-1], led(h, 'A'))
	}
}

func TestRefusedLightIsToldOnce(t *testing.T) {
	h := actorstest.Open(t, actorstest.HouseOptions{Configure: func(c *cmd.Config) {
		c.Sim.Start = []string{"stirring", "od_reading", "led_automation=light_dark_cycle"}
		c.SetJob("led_automation.light_dark_cycle", "channels", []any{"A", "B"})
	}})
	h.Run(time.Hour)
	var told int
	for _, e := range actorstest.Collect[actors.AutomationEvent](h) {
		if e.Name == "ErrorOccurred" {
			told++
		}
	}
	if told != 1 || led(h, 'B') != 5 {
		t.Errorf("%d ErrorOccurred in an hour, B at %v %%; want 1 and 5", told, led(h, 'B'))
	}
}
