// Command turbidostat is pioactor plus one home-made automation.
package main

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // stock hardware and automations
)

// Turbidostat dilutes the culture whenever it has grown past TargetOD.
type Turbidostat struct {
	TargetOD         float64 `toml:"target_od" unit:"AU" min:"0" max:"50" set:"yes"`
	ExchangeVolumeML float64 `toml:"exchange_volume_ml" unit:"mL" min:"0" max:"20" set:"yes"`
}

// Receive answers every OD reading of the settled culture.
func (t *Turbidostat) Receive(c *actors.Context, msg any) error {
	if od, ok := msg.(actors.ODReading); ok && od.Value >= t.TargetOD {
		return c.Exchange(t.ExchangeVolumeML)
	}
	return nil
}

func init() {
	actors.Register(actors.Dosing, "my_turbidostat", func() actors.Automation { return &Turbidostat{TargetOD: 0.5, ExchangeVolumeML: 1} })
}

func main() { cmd.Main() }
