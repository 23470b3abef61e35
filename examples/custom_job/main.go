// Command custom_job is pioactor plus one home-made job: a pH probe that the
// house knows nothing of, with settings, a value on MQTT and an alarm of its
// own. From the root of the source:
//
//	go run ./examples/custom_job up --config examples/custom_job/config.toml --data-dir build/custom_job
//	mosquitto_sub -v -t 'pioreactor/+/+/ph_reading/#'
package main

import (
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // stock hardware and jobs
)

// Probe is the hardware: it may take its time, and it may fail.
type Probe interface {
	ReadPH() (float64, error)
}

// PHReading reads a probe every Interval and raises an alarm while pH is
// outside Low to High, or the probe does not answer.
type PHReading struct {
	Interval time.Duration `toml:"interval" unit:"s" min:"1" max:"3600" set:"yes" help:"between readings"`
	Low      float64       `toml:"low" min:"0" max:"14" set:"yes" help:"alarm below this pH"`
	High     float64       `toml:"high" min:"0" max:"14" set:"yes" help:"alarm above this pH"`
	PH       float64       `toml:"ph" set:"no" word:"unknown=-1"` // published whenever it changes
	probe    Probe
	waiting  bool // for the probe
}

// reading is what comes back from the probe.
type reading struct {
	ph  float64
	err error
}

func newPHReading(probe Probe) *PHReading {
	return &PHReading{Interval: 10 * time.Second, Low: 6.5, High: 7.5, PH: -1, probe: probe}
}

// Validate checks settings that depend on each other, before they count.
func (p *PHReading) Validate() error {
	if p.Low >= p.High {
		return fmt.Errorf("low: want less than high, %v, got %v", p.High, p.Low)
	}
	return nil
}

// Receive asks the probe at every tick; the answer comes as a message.
func (p *PHReading) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started, actors.SettingsChanged:
		c.Every(p.Interval)
	case actors.Tick:
		p.ask(c)
	case reading:
		p.waiting = false
		p.judge(c, msg)
	}
	return nil
}

// ask reads the probe beside the actors, so that a slow one holds nobody up.
func (p *PHReading) ask(c *actors.Context) {
	if p.waiting {
		return
	}
	p.waiting = true
	probe := p.probe
	c.Do(func() (any, time.Duration) {
		ph, err := probe.ReadPH()
		return reading{ph, err}, 0
	})
}

func (p *PHReading) judge(c *actors.Context, r reading) {
	if r.err != nil || math.IsNaN(r.ph) || math.IsInf(r.ph, 0) {
		c.Raise("ph", "medium", fmt.Sprintf("the pH probe does not answer (%v); look at its cable", r.err), false)
		return
	}
	p.PH = math.Round(r.ph*100) / 100
	if r.ph < p.Low || r.ph > p.High {
		c.Raise("ph", "medium", fmt.Sprintf("pH %.2f is outside %v to %v", r.ph, p.Low, p.High), false)
		return
	}
	c.Clear("ph")
}

func main() { cmd.Main() }
