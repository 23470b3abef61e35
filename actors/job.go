// Package actors is what people write a bioreactor's behaviour with: jobs and
// automations, the messages they exchange, the settings they declare, and the
// supervised system they live in. Every actor of the house, devices and bridge
// included, is written against this package, as a user's automation is.
//
//	// Turbidostat dilutes the culture whenever it has grown past TargetOD.
//	type Turbidostat struct {
//		TargetOD float64 `toml:"target_od" unit:"AU" min:"0" max:"50" set:"yes"`
//	}
//
//	func (t *Turbidostat) Receive(c *actors.Context, msg any) error {
//		if od, ok := msg.(actors.ODReading); ok && od.Value >= t.TargetOD {
//			return c.Exchange(1)
//		}
//		return nil
//	}
//
// It refuses to let an actor block, keep wall time or outlive its outputs:
// whatever an actor switched on goes safe when it fails, sleeps or stops.
package actors

// Job is an actor. Receive gets one message at a time, never two at once, so a
// job needs no locks. Returning nil is success. Returning a *Refusal reports
// "no" to whoever asked. Any other error, or a panic, is a failure: the job's
// outputs go safe, and its supervisor starts a new one with the same settings.
//
// In the order of its life a job gets Started, then Entered{Ready}, or at once
// Entered{Sleeping} where it starts asleep; Entered for every later state; Tick
// for Every; facts it subscribed to; Command; SettingsChanged; and Stopping at
// the end.
type Job interface {
	Receive(c *Context, msg any) error
}

// Hider is a Job some of whose settings exist only at times, such as a speed
// during OD readings while there are any. A setting that is hidden is not
// published, and cleared if it was; it can be set all the same.
type Hider interface {
	Hides(setting string) bool
}

// Halter is a job that drives hardware itself. Whenever it fails the host calls
// Halt before anybody hears of it: what it drives goes safe first. Halt may be
// called in the middle of a turn that panicked.
type Halter interface {
	Job
	Halt() error
}

// Automation is a job that fills the slot of its family and steers a culture.
type Automation = Job

// Started is a job's first message: settings are in place, the state is Init.
// The job becomes ready when Receive returns nil, unless it called HoldInit.
type Started struct{}

// Entered tells a job that its state changed, after the fact. While Sleeping a
// job gets no ticks and no facts.
type Entered struct{ State, From State }

// Stopping is a job's last message.
type Stopping struct {
	Asked bool // somebody stopped this job; otherwise its unit ends, or it is given up
}

// Tick is what Every sends.
type Tick struct{}

// SettingsChanged tells a job which of its settings were just changed. An
// error puts the old values back and refuses the change.
type SettingsChanged struct{ Names []string }

// ChildState tells a parent that an actor it spawned changed state.
type ChildState struct {
	Name   string
	State  State
	Reason string
	Asked  bool // it ended because somebody asked it to, by SetState
}

// Crash makes an actor fail when it gets it; see System.Crash.
type Crash struct{ Reason string }

// Saved answers Context.Save.
type Saved struct {
	Key string
	Err error // nil: on the disk
}

// Rewritten says that what the disk refused is on it after all, unless a newer
// value of the key was saved meanwhile: alarms about it may end. It also comes to
// an actor that was restarted since.
type Rewritten struct{ Key string }

// Family is the slot an automation fills: it fixes the job's name on the wire
// and the section in the config file, not which actions are allowed.
type Family string

// The families. Own is for jobs with a slot of their own, called by their name.
const (
	Dosing      Family = "dosing_automation"
	Temperature Family = "temperature_automation"
	LED         Family = "led_automation"
	Own         Family = ""
)
