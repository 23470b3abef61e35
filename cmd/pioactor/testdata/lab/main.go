// Command lab is pioactor with jobs that only a test can want: one that panics
// when it is told to, one that ends the whole process, and one that exchanges
// media when it is told to.
package main

import (
	"slices"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // stock jobs and automations
)

// panicky lights an LED and panics, with the light on, when now is set.
type panicky struct {
	Now   bool   `toml:"now" set:"yes" help:"panic"`
	Label string `toml:"label" set:"yes" help:"should survive it"`
}

// Receive implements actors.Job.
func (p *panicky) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Entered:
		if msg.State == actors.Ready {
			return c.SetLED("C", 30)
		}
	case actors.SettingsChanged:
		if p.Now {
			panic("as it was told")
		}
	}
	return nil
}

// Memory that a deadly job takes: pieces of 1 MB, and no more than a machine
// with a limit on this process can spare.
const (
	pieceBytes = 1 << 20
	mostPieces = 1024
)

// deadly lights an LED and ends the process from outside of every actor.
type deadly struct {
	Panic bool `toml:"panic" set:"yes" help:"panic where nobody supervises"`
	Eat   bool `toml:"eat" set:"yes" help:"take memory until there is none"`
}

// Receive implements actors.Job.
func (d *deadly) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Entered:
		if msg.State == actors.Ready {
			return c.SetLED("D", 60)
		}
	case actors.SettingsChanged:
		switch {
		case slices.Contains(msg.Names, "panic"):
			go func() { panic("as it was told, outside of every actor") }()
		case slices.Contains(msg.Names, "eat"):
			go eat()
		}
	}
	return nil
}

func eat() {
	var eaten [][]byte
	for range mostPieces {
		piece := make([]byte, pieceBytes)
		for i := range piece {
			piece[i] = 1 // what is not written is not there
		}
		eaten = append(eaten, piece)
	}
	panic(len(eaten)) // nobody has set a limit
}

// exchanger exchanges media once for every new request, and never by itself.
type exchanger struct {
	Request  string  `toml:"request" set:"yes" help:"any new text asks for one exchange"`
	VolumeML float64 `toml:"exchange_volume_ml" unit:"mL" above:"0" max:"20" set:"yes"`
}

// Receive implements actors.Automation.
func (e *exchanger) Receive(c *actors.Context, msg any) error {
	if _, changed := msg.(actors.SettingsChanged); changed {
		return c.Exchange(e.VolumeML)
	}
	return nil
}

func init() {
	actors.Register(actors.Own, "panicky", func() actors.Job { return &panicky{Label: "blue"} })
	actors.Register(actors.Own, "deadly", func() actors.Job { return &deadly{} })
	actors.Register(actors.Dosing, "exchanger", func() actors.Automation { return &exchanger{VolumeML: 0.5} })
}

func main() { cmd.Main() }
