package pid_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/pioactor/pioactor/actors/pid"
	"pgregory.net/rapid"
)

func controller(t interface{ Fatal(...any) }, cfg pid.Config) *pid.PID {
	c, err := pid.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func update(t interface{ Fatal(...any) }, c *pid.PID, setpoint, measured, dt float64) float64 {
	out, err := c.Update(setpoint, measured, dt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDerivativeOnMeasurementVectors(t *testing.T) {
	for _, smoothing := range []float64{0, 0.5} {
		c := controller(t, pid.Config{Kd: 1, Min: -100, Max: 100, Smoothing: smoothing})
		update(t, c, 0, 10, 1)
		update(t, c, 0, 15, 1)
		c.Reset()
		if got := update(t, c, 0, 20, 1); got != 0 {
			t.Errorf("first output after reset = %v, want 0", got)
		}
		if got, want := update(t, c, 0, 25, 1), -5*(1-smoothing); got != want {
			t.Errorf("smoothing %v: output = %v, want %v", smoothing, got, want)
		}
		if got, want := update(t, c, 1000, 25, 1), -5*(1-smoothing)*smoothing; got != want {
			t.Errorf("new setpoint kicks: output = %v, want %v", got, want)
		}
	}
}

func TestUnsaturatedOutputIsTheTextbookSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := pid.Config{Kp: 2.6, Ki: 0.3, Kd: 4.6, Min: -1e9, Max: 1e9}
		c := controller(t, cfg)
		sum, last := 0.0, math.NaN()
		for range 20 {
			m, dt := rapid.Float64Range(20, 40).Draw(t, "measured"), rapid.Float64Range(0.5, 5).Draw(t, "dt")
			sum += (30 - m) * dt
			d := 0.0
			if !math.IsNaN(last) {
				d = -(m - last) / dt
			}
			want := cfg.Kp*(30-m) + cfg.Ki*sum + cfg.Kd*d
			if got := update(t, c, 30, m, dt); math.Abs(got-want) > 1e-9 {
				t.Fatalf("output = %v, want %v", got, want)
			}
			last = m
		}
	})
}

func TestLongSaturationDoesNotWindUp(t *testing.T) {
	for _, ki := range []float64{0.1, -0.1} { // a heater; a pump with negated gains
		for _, far := range []float64{100, -100} {
			c := controller(t, pid.Config{Ki: ki, Min: -1, Max: 1})
			for range 10_000 {
				update(t, c, far, 0, 1) // far out of reach
			}
			limit := math.Copysign(1, ki*far)
			// Back past the setpoint by 5: the first step must already show.
			got := update(t, c, 0, math.Copysign(5, far), 1)
			if math.Abs(got-limit/2) > 1e-9 {
				t.Errorf("Ki %v, setpoint %v: one step past it the output is %v, want %v: the integral wound up", ki, far, got, limit/2)
			}
		}
	}
}

func TestSmallIntegralGainReachesTheLimit(t *testing.T) {
	// Clamping Σe to the output limits, as upstream does, would stop at Ki·Max.
	c := controller(t, pid.Config{Ki: 0.01, Min: 0, Max: 1})
	out := 0.0
	for range 200 {
		out = update(t, c, 1, 0, 1)
	}
	if out != 1 {
		t.Errorf("output after 200 steps of Ki·e = 0.01 is %v, want the limit 1", out)
	}
}

func TestOutputStaysWithinLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gain := rapid.Float64Range(-1e3, 1e3)
		c := controller(t, pid.Config{Kp: gain.Draw(t, "kp"), Ki: gain.Draw(t, "ki"), Kd: gain.Draw(t, "kd"), Min: -7.5, Max: 7.5, Smoothing: 0.3})
		for range 30 {
			out, err := c.Update(rapid.Float64().Draw(t, "setpoint"), rapid.Float64().Draw(t, "measured"), rapid.Float64Range(0.001, 1e3).Draw(t, "dt"))
			if err == nil && !(out >= -7.5 && out <= 7.5) {
				t.Fatalf("output = %v, want -7.5 to 7.5", out)
			}
			if s := c.State(); math.IsNaN(s.Integral + s.Derivative + s.Last) {
				t.Fatalf("state %+v", s)
			}
		}
	})
}

func TestNonsenseIsRefusedAndChangesNothing(t *testing.T) {
	c := controller(t, pid.Config{Kp: 1, Ki: 1, Min: -1, Max: 1})
	update(t, c, 1, 0.5, 1)
	before := c.State()
	for _, bad := range [][3]float64{{math.NaN(), 0, 1}, {0, math.Inf(1), 1}, {0, 0, 0}, {0, 0, -1}, {0, 0, math.NaN()}} {
		if _, err := c.Update(bad[0], bad[1], bad[2]); err == nil || c.State() != before {
			t.Errorf("update %v: error %v, state %+v, want an error and %+v", bad, err, c.State(), before)
		}
	}
	for _, cfg := range []pid.Config{{}, {Min: 1, Max: 0}, {Max: math.Inf(1)}, {Kp: math.NaN(), Max: 1}, {Max: 1, Smoothing: 1}} {
		if _, err := pid.New(cfg); err == nil {
			t.Errorf("config %+v was accepted", cfg)
		}
		if err := c.Retune(cfg); err == nil {
			t.Errorf("retune to %+v was accepted", cfg)
		}
	}
	if err := c.Restore(pid.State{Integral: math.NaN()}); err == nil || c.State() != before {
		t.Errorf("restore of NaN: error %v, state %+v", err, c.State())
	}
}

func TestStoredStateContinues(t *testing.T) {
	cfg := pid.Config{Kp: 1, Ki: 0.2, Kd: 0.5, Min: -10, Max: 10, Smoothing: 0.4}
	a, b := controller(t, cfg), controller(t, cfg)
	for i := range 5 {
		update(t, a, 3, float64(i), 1)
	}
	text, err := json.Marshal(a.State())
	var s pid.State
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err == nil {
		err = b.Restore(s)
	}
	if got, want := update(t, b, 3, 2.5, 1), update(t, a, 3, 2.5, 1); err != nil || got != want {
		t.Errorf("output after restoring = %v, %v, want %v", got, err, want)
	}
}

func TestRetuneGivesNoBump(t *testing.T) {
	c := controller(t, pid.Config{Ki: 0.1, Min: -10, Max: 10})
	before := update(t, c, 10, 0, 1)
	if err := c.Retune(pid.Config{Ki: 5, Min: -10, Max: 10}); err != nil {
		t.Fatal(err)
	}
	if got := update(t, c, 10, 10, 1); got != before {
		t.Errorf("output at the setpoint with a new Ki = %v, want %v still", got, before)
	}
}

func ExamplePID_Update() {
	c, _ := pid.New(pid.Config{Kp: 2.6, Kd: 4.6, Min: -25, Max: 25})
	first, _ := c.Update(30, 28, 1)
	second, _ := c.Update(30, 29, 1)
	fmt.Printf("%.1f %.1f\n", first, second)
	// Output: 5.2 -2.0
}
