package actorstest_test

import (
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/cmd"
)

// BenchmarkHour is an hour of a unit in virtual time: the default one, one
// without any job of the experiment, and one with them all.
func BenchmarkHour(b *testing.B) {
	for name, configure := range map[string]func(*cmd.Config){
		"default":    nil,
		"nothing":    func(c *cmd.Config) { c.Sim.Start = nil },
		"everything": func(c *cmd.Config) { c.Sim.Start, c.Sim.WasteSeen = everything, true },
	} {
		b.Run(name, func(b *testing.B) {
			h := actorstest.Open(b, actorstest.HouseOptions{Forget: true, Configure: configure})
			h.Run(10 * time.Minute)
			b.ReportAllocs()
			for b.Loop() {
				h.Run(time.Hour)
			}
		})
	}
}
