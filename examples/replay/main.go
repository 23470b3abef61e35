// Command replay watches a recorded run as if it were live, with a home-made
// job that says when the culture has stopped growing. From the root of the
// source:
//
//	go run ./examples/replay up --config examples/replay/config.toml --data-dir build/replay
package main

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // stock hardware and jobs
)

// Plateau raises an alarm when the growth rate has stayed below Slow for Hold,
// and clears it when the culture grows again.
type Plateau struct {
	Slow  float64       `toml:"slow" unit:"1/h" min:"0" max:"3" set:"yes" help:"slower than this is no growth"`
	Hold  time.Duration `toml:"hold" unit:"min" min:"0" set:"yes" help:"for how long before it counts"`
	since time.Time     // of slow growth; zero while it grows
}

// Receive takes every growth rate.
func (p *Plateau) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		actors.Subscribe[actors.GrowthRate](c)
	case actors.GrowthRate:
		p.judge(c, msg)
	}
	return nil
}

func (p *Plateau) judge(c *actors.Context, rate actors.GrowthRate) {
	switch {
	case rate.PerH >= p.Slow:
		p.since = time.Time{}
		c.Clear("plateau")
	case p.since.IsZero():
		p.since = rate.At
	case rate.At.Sub(p.since) >= p.Hold:
		c.Raise("plateau", "low", fmt.Sprintf("growth has been below %v 1/h for %v", p.Slow, p.Hold), false)
	}
}

func init() {
	actors.Register(actors.Own, "plateau", func() actors.Job { return &Plateau{Slow: 0.03, Hold: 30 * time.Minute} })
}

func main() { cmd.Main() }
