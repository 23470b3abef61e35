package sim_test

import (
	"os"
	"testing"

	"github.com/pioactor/pioactor/hw"
	"github.com/pioactor/pioactor/hw/hwtest"
	"github.com/pioactor/pioactor/hw/sim"
)

func TestBoardConforms(t *testing.T) {
	configs := map[string]func(*sim.Config){
		"default": func(*sim.Config) {},
		"four channels": func(c *sim.Config) {
			c.Channels = map[string]string{"1": "REF", "2": "45", "3": "90", "4": "135"}
			c.IRLED, c.Noise, c.HumV = "C", "noisy", 0.01
		},
		"bare": func(c *sim.Config) {
			c.Channels = map[string]string{"1": "", "3": "180"}
			c.Absent = []string{"heater", "thermometer", "tachometer", "media", "alt_media", "waste", "hat", "status_led", "button", "rail"}
		},
	}
	for name, change := range configs {
		t.Run(name, func(t *testing.T) {
			hwtest.Board(t, func(t *testing.T) (hw.Board, hwtest.Clock) {
				cfg, clock := sim.DefaultConfig(), hwtest.NewClock()
				change(&cfg)
				board, err := sim.New(cfg, clock.Now)
				if err != nil {
					t.Fatal(err)
				}
				return board, clock
			})
		})
	}
}

func TestReplayConforms(t *testing.T) {
	hwtest.Board(t, func(t *testing.T) (hw.Board, hwtest.Clock) {
		f, err := os.Open("testdata/od_90deg_15h.csv")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		clock := hwtest.NewClock()
		board, err := sim.NewReplay(f, sim.DefaultReplayConfig(), clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		return board, clock
	})
}
