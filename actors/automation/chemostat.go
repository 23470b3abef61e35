package automation

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// firstRun is how long after ready the first exchange comes. Pioreactor 26.7.2.
const firstRun = 2 * time.Second

// lastRunKey is where the time of the last exchange is kept.
const lastRunKey = "chemostat"

// slowest ends the wait for an exchange whose end nobody reported.
const slowest = 10 * time.Minute

// Chemostat exchanges a fixed volume at a fixed interval, so that the dilution
// rate, in 1/h, is exchange_volume_ml / volume / duration in h.
//
// The time of the last exchange is kept over restarts, so none comes early, and
// an exchange that was missed is not made up for.
//
// Takes: Tick, Saved, Dosed, DoseRefused. Sends: an exchange; DilutionEvent,
// and NoEvent when there was none. Fails by: state that cannot be read.
type Chemostat struct {
	Duration         time.Duration `toml:"duration" unit:"min" above:"0" max:"10080" set:"yes" help:"from one exchange to the next"`
	ExchangeVolumeML float64       `toml:"exchange_volume_ml" unit:"mL" above:"0" max:"20" set:"yes" help:"media in, and as much waste out"`
	SkipFirstRun     bool          `toml:"skip_first_run" help:"wait a full duration before the first exchange"`

	last    lastRun
	started time.Time     // when this start became ready
	running bool          // an exchange is under way
	since   time.Duration // when it was asked for, on Mono
	asked   float64       // mL
}

// lastRun is when the last exchange began, and for which experiment.
type lastRun struct {
	Experiment string    `json:"experiment"`
	At         time.Time `json:"at"`
}

// NewChemostat is a chemostat with the defaults of Pioreactor's UI.
func NewChemostat() actors.Automation {
	return &Chemostat{Duration: 20 * time.Minute, ExchangeVolumeML: 0.5}
}

// Receive implements actors.Job.
func (m *Chemostat) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return m.recall(c)
	case actors.Entered:
		m.running = false // sleep ends an exchange
		m.schedule(c)
	case actors.SettingsChanged:
		m.schedule(c)
	case actors.Tick:
		return m.begin(c)
	case actors.Saved:
		return m.exchange(c, msg)
	case actors.Dosed:
		m.running = false
		c.Event("DilutionEvent", exchanged(msg), map[string]float64{
			"exchange_volume_ml": m.asked, "volume_actually_cycled_ml": msg.MediaML})
	case actors.DoseRefused:
		m.running = false
		return &actors.Refusal{Code: msg.Code, Reason: "no exchange: " + msg.Reason}
	}
	return nil
}

func (m *Chemostat) recall(c *actors.Context) error {
	m.started = c.Now()
	if _, err := c.Load(lastRunKey, &m.last); err != nil {
		return err
	}
	if m.last.Experiment != c.Experiment() {
		m.last = lastRun{}
	}
	return nil
}

// schedule plans the exchanges after the last one. A clock that went back must
// not hold the next one off for longer than a duration.
func (m *Chemostat) schedule(c *actors.Context) {
	wait := firstRun
	switch {
	case !m.last.At.IsZero():
		wait = max(firstRun, m.last.At.Add(m.Duration).Sub(c.Now()))
	case m.SkipFirstRun:
		wait = max(firstRun, m.started.Add(m.Duration).Sub(c.Now()))
	}
	c.EveryFrom(c.Mono()+min(wait, max(m.Duration, firstRun)), m.Duration)
}

// begin notes the time before anything flows: better an exchange too few than
// one too early.
func (m *Chemostat) begin(c *actors.Context) error {
	if m.running && c.Mono()-m.since < slowest {
		return &actors.Refusal{Code: "busy", Reason: "no exchange: the last one is still under way"}
	}
	m.running, m.since, m.asked = true, c.Mono(), m.ExchangeVolumeML
	m.last = lastRun{c.Experiment(), c.Now()}
	c.Save(lastRunKey, m.last)
	return nil
}

func (m *Chemostat) exchange(c *actors.Context, saved actors.Saved) error {
	if saved.Err != nil {
		m.running = false
		return &actors.Refusal{Code: "not_saved", Reason: fmt.Sprintf("no exchange: its time could not be kept: %v", saved.Err)}
	}
	err := c.Exchange(m.asked)
	m.running = err == nil
	return err
}
