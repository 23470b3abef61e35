package automation

import (
	"fmt"
	"math"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/pid"
)

const (
	thermostatKey = "thermostat"     // where the duty is kept
	resumable     = 15 * time.Minute // a culture is still about as warm as it was
	mostStep      = 25               // points of duty from one measurement to the next; Pioreactor 26.7.2
	thermostatPID = "temperature"    // its name in the log of controllers
)

// Room is how warm it is around the unit, in °C: what a vial's temperature is
// inferred against. A temperature automation may embed it.
type Room struct {
	RoomC float64 `toml:"room_temperature_c" unit:"℃" min:"0" max:"50" set:"yes" help:"of the room the unit stands in: the vial's temperature is inferred against it"`
}

// usualRoom is the room the inference was made in. Pioreactor 26.7.2.
var usualRoom = Room{RoomC: 22}

// Thermostat holds the vial at a temperature. After each measurement the duty
// moves by what a controller says, at most 25 points; the sum is the integral
// part, and it never winds up, because it is the duty itself and that has limits.
//
// The duty is kept over restarts, so that a vial that is warm stays so.
//
// Takes: VialTemperature, Heater, Reply. Sends: SetHeater; UpdatedHeaterDC.
// Fails by: state that cannot be read. Refused without a heater, or for a
// target above what the model may be heated to.
type Thermostat struct {
	TargetC float64 `toml:"target_temperature" unit:"℃" above:"0" max:"78" set:"yes" help:"of the vial; the model may allow less"`
	Room
	Kp float64 `toml:"kp" min:"0" max:"25" help:"points of duty for each °C below the target, at each measurement"`
	Ki float64 `toml:"ki" min:"0" max:"25" help:"the same, summed over the measurements; the duty is such a sum already"`
	Kd float64 `toml:"kd" min:"0" max:"25" help:"points of duty for each °C that the vial cooled since the measurement before"`

	pid    *pid.PID
	kept   keptDuty
	before float64 // duty, %: what a refusal goes back to
	maxC   float64 // by the model; 0 while unknown
}

// keptDuty is what outlives a restart.
type keptDuty struct {
	Experiment string    `json:"experiment"`
	At         time.Time `json:"at"`
	TargetC    float64   `json:"target_temperature"`
	Percent    float64   `json:"heater_duty_cycle"`
	PID        pid.State `json:"pid"`
}

// NewThermostat is a thermostat with Pioreactor's gains and its UI's target.
func NewThermostat() actors.Automation {
	return &Thermostat{TargetC: 30, Room: usualRoom, Kp: 2.6, Kd: 4.6}
}

// Receive implements actors.Job.
func (t *Thermostat) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return t.start(c)
	case actors.Entered:
		return t.entered(c, msg)
	case actors.SettingsChanged:
		return t.check()
	case actors.Heater:
		t.maxC = msg.MaxC
	case actors.VialTemperature:
		return t.control(c, msg)
	case actors.Reply:
		t.answered(msg)
	case actors.Saved:
		if msg.Err != nil {
			c.Log().Warning("After a restart the heater would begin at 0 %%: %v", msg.Err)
		}
	}
	return nil
}

func (t *Thermostat) start(c *actors.Context) error {
	if heater, _, known := actors.Latest[actors.Heater](c, ""); known {
		if !heater.Fitted {
			return actors.Refuse("not_fitted", "thermostat: this unit has no heater with a thermometer")
		}
		t.maxC = heater.MaxC
	}
	if err := t.check(); err != nil {
		return err
	}
	var err error
	if t.pid, err = pid.New(t.tuning(0)); err != nil {
		return err
	}
	_, err = c.Load(thermostatKey, &t.kept)
	return err
}

// check wants a target that the model may be heated to.
func (t *Thermostat) check() error {
	if t.maxC > 0 && t.TargetC > t.maxC {
		return actors.Refuse("out_of_range",
			"target_temperature: want at most %g ℃, where the heat of this model is reduced, got %g", t.maxC, t.TargetC)
	}
	return nil
}

// tuning gives the controller the room that the duty has left, so that nothing
// is summed up that cannot be done.
func (t *Thermostat) tuning(percent float64) pid.Config {
	return pid.Config{Kp: t.Kp, Ki: t.Ki, Kd: t.Kd, Min: max(-mostStep, -percent) - tiny, Max: min(mostStep, 100-percent) + tiny}
}

// Near the target the noise of a measurement, 0.3 °C on a Pi that is 0.3 s late
// or early, would move the duty more than the error does.
const (
	nearC     = 0.75
	nearShare = 0.5
)

// tiny keeps the controller's limits apart at 0 and at 100 %.
const tiny = 1e-9

// entered goes on with the duty of before, if it was for about the same.
func (t *Thermostat) entered(c *actors.Context, e actors.Entered) error {
	if e.State != actors.Ready {
		return nil
	}
	age, k := c.Now().Sub(t.kept.At), t.kept
	if k.Experiment != c.Experiment() || age < 0 || age > resumable || math.Abs(k.TargetC-t.TargetC) > 1 || !(k.Percent >= 0 && k.Percent <= 100) {
		t.kept = keptDuty{}
		t.pid.Reset()
		return nil
	}
	if err := t.pid.Restore(k.PID); err != nil {
		return err
	}
	t.before = k.Percent
	return c.SetHeater(k.Percent)
}

// control decides after each measurement.
func (t *Thermostat) control(c *actors.Context, now actors.VialTemperature) error {
	t.before = t.kept.Percent
	tuning := t.tuning(t.before)
	if err := t.pid.Retune(tuning); err != nil {
		return err
	}
	delta, err := t.pid.Update(t.TargetC, now.C, 1) // gains are for one measurement
	if err != nil {
		return err
	}
	if math.Abs(t.TargetC-now.C) < nearC && math.Abs(t.pid.State().Derivative) < nearC {
		delta *= nearShare
	}
	percent := min(max(math.Round(100*(t.before+delta))/100, 0), 100)
	c.Publish(t.log(tuning, now.C, delta))
	if err := c.SetHeater(percent); err != nil {
		return err
	}
	t.kept = keptDuty{c.Experiment(), c.Now(), t.TargetC, percent, t.pid.State()}
	c.Save(thermostatKey, t.kept)
	delta = thousandths(delta)
	c.Event("UpdatedHeaterDC", fmt.Sprintf("delta_dc=%v", delta), updatedHeater{percent, delta, t.TargetC, now.C})
	return nil
}

// updatedHeater is the data of UpdatedHeaterDC, in Pioreactor's order.
type updatedHeater struct {
	CurrentDC         float64 `json:"current_dc"`
	DeltaDC           float64 `json:"delta_dc"`
	TargetTemperature float64 `json:"target_temperature"`
	LatestTemperature float64 `json:"latest_temperature"`
}

func (t *Thermostat) log(cfg pid.Config, celsius, delta float64) actors.PIDLog {
	s := t.pid.State()
	return actors.PIDLog{Job: string(actors.Temperature), Target: thermostatPID, Setpoint: t.TargetC,
		Lower: math.Round(100*cfg.Min) / 100, Upper: math.Round(100*cfg.Max) / 100, Kp: cfg.Kp, Ki: cfg.Ki, Kd: cfg.Kd,
		Integral: s.Integral, Proportional: cfg.Kp * (t.TargetC - celsius), Derivative: cfg.Kd * s.Derivative, Input: celsius, Output: thousandths(delta)}
}

// thousandths rounds a change of duty, for people: finer is noise.
func thousandths(percent float64) float64 { return math.Round(1000*percent) / 1000 }

// answered takes a change back that the heater did not make.
func (t *Thermostat) answered(r actors.Reply) {
	if !r.OK {
		t.kept.Percent = t.before
	}
}
