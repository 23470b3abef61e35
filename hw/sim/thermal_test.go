package sim

import (
	"math"
	"testing"
	"time"
)

func TestHeatHasTwoTimeConstants(t *testing.T) {
	h := thermal{cfg: defaultThermal()}
	h.advance(1e6, 20)
	near(t, "final excess in °C", h.excess, 0.74*20, 1e-9)
	near(t, "final lead in °C", h.lead, 0.24*20, 1e-9)
	start := h
	h.advance(24, 0) // one board_s
	near(t, "lead after 24 s in °C", h.lead, start.lead/math.E, 1e-9)
	h.advance(576, 0) // well past it only vial_s is left
	then := h.excess
	h.advance(600, 0)
	near(t, "excess after 600 s more", h.excess, then/math.E, 1e-9)
}

func TestHeatDoesNotDependOnSteps(t *testing.T) {
	once, often := thermal{cfg: defaultThermal()}, thermal{cfg: defaultThermal()}
	once.advance(300, 40)
	for range 3000 {
		often.advance(0.1, 40)
	}
	near(t, "vial in °C", often.vialC(), once.vialC(), 1e-9)
	near(t, "board in °C", often.boardC(), once.boardC(), 1e-9)
}

// Recorded: at 45.6 % the board falls from 48.4 to 38.2 °C in 100 s, the vial
// being at 38.9 °C. 1.5 °C: the record is one unit's, the model has no losses
// that depend on temperature.
func TestCoolDownLooksLikeARecordedOne(t *testing.T) {
	b, clock := open(t, nil)
	heater, err := b.Heater()
	if err != nil {
		t.Fatal(err)
	}
	for range 40 { // heats for 95 s of each 200 s
		set(t, heater, 0)
		clock.Advance(105 * time.Second)
		set(t, heater, 45.6)
		clock.Advance(95 * time.Second)
	}
	hot := b.Truth()
	set(t, heater, 0)
	clock.Advance(100 * time.Second)
	cool := b.Truth()
	within(t, "hot board in °C", hot.BoardC, 48.4, 1.5)
	within(t, "cool board in °C", cool.BoardC, 38.2, 1.5)
	if cool.BoardC >= cool.VialC {
		t.Errorf("board %.2f °C, vial %.2f °C: the cool board loses heat to the room", cool.BoardC, cool.VialC)
	}
	thermometer, _ := b.Thermometer()
	c, err := thermometer.TemperatureC()
	if err != nil {
		t.Fatal(err)
	}
	within(t, "thermometer in °C", c, cool.BoardC, 0.1) // 0.0625 °C steps and noise
}

func TestColdMediaCoolsTheVialNotTheBoard(t *testing.T) {
	h := thermal{cfg: defaultThermal()}
	h.advance(1e6, 20)
	vial, board := h.excess, h.boardC()
	h.chill(15.0 / 16)
	near(t, "vial excess in °C", h.excess, vial*15/16, 1e-12)
	near(t, "board in °C", h.boardC(), board, 1e-12)
}
