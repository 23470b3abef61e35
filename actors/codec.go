package actors

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// The message registry: one name and one encoding, JSON, for the journal, the
// event stream, HTTP and other nodes. Unknown fields are ignored; a breaking
// change gets the next number.
var (
	messages     sync.RWMutex
	messageNames = map[reflect.Type]string{}
	messageTypes = map[string]reflect.Type{}
	messageOrder []string // as registered: the house's first
)

// Message registers T under name, such as "od_reading/1". Call it from init; a
// name or type registered twice panics.
func Message[T any](name string) {
	messages.Lock()
	defer messages.Unlock()
	t := reflect.TypeFor[T]()
	if messageTypes[name] != nil || messageNames[t] != "" {
		panic(fmt.Sprintf("actors: message %q or type %s registered twice", name, t))
	}
	messageTypes[name], messageNames[t] = t, name
	messageOrder = append(messageOrder, name)
}

// MessageName is the registered name of m's type; ok is false for a private message.
func MessageName(m any) (name string, ok bool) {
	messages.RLock()
	defer messages.RUnlock()
	name, ok = messageNames[reflect.TypeOf(m)]
	return name, ok
}

// Encode writes a registered message.
func Encode(m any) (name string, data []byte, err error) {
	name, ok := MessageName(m)
	if !ok {
		return "", nil, fmt.Errorf("actors: encode %T: not a registered message", m)
	}
	if data, err = json.Marshal(m); err != nil {
		return "", nil, fmt.Errorf("actors: encode %s: %w", name, err)
	}
	return name, data, nil
}

// Decode reads a registered message; an unknown name is an error, never a crash.
func Decode(name string, data []byte) (any, error) {
	messages.RLock()
	t := messageTypes[name]
	messages.RUnlock()
	if t == nil {
		return nil, fmt.Errorf("actors: decode: %.60q is not a message this version knows", name)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(data, v.Interface()); err != nil {
		return nil, fmt.Errorf("actors: decode %s: %w", name, err)
	}
	return v.Elem().Interface(), nil
}

func init() {
	Message[JobState]("job_state/1")
	Message[SettingChanged]("setting_changed/1")
	Message[ODReading]("od_reading/1")
	Message[ODReadings]("od_readings/1")
	Message[ODFused]("od_fused/1")
	Message[ODRhythm]("od_rhythm/1")
	Message[RelativeIRIntensity]("relative_ir_intensity/1")
	Message[GrowthRate]("growth_rate/1")
	Message[ODFiltered]("od_filtered/1")
	Message[StirringRate]("stirring_rate/1")
	Message[VialTemperature]("vial_temperature/1")
	Message[HeaterDuty]("heater_duty/1")
	Message[Heater]("heater/1")
	Message[DosingEvent]("dosing_event/1")
	Message[DoseStarted]("dose_started/1")
	Message[Dosed]("dosed/1")
	Message[DoseRefused]("dose_refused/1")
	Message[PumpsStopped]("pumps_stopped/1")
	Message[Vial]("vial/1")
	Message[VialState]("vial_state/1")
	Message[Held]("held/1")
	Message[Blank]("blank/1")
	Message[ActionState]("action_state/1")
	Message[DoseCheck]("dose_check/1")
	Message[Bottles]("bottles/1")
	Message[LEDs]("leds/1")
	Message[LEDChanged]("led_changed/1")
	Message[PIDLog]("pid_log/1")
	Message[AutomationEvent]("automation_event/1")
	Message[AutomationSettings]("automation_settings/1")
	Message[Disturbance]("disturbance/1")
	Message[Log]("log/1")
	Message[Alarm]("alarm/1")
	Message[Computer]("computer/1")
	Message[RailVoltage]("rail_voltage/1")
	Message[SelfTestCheck]("self_test_check/1")
	Message[SelfTest]("self_test/1")
	Message[OwnerGone]("owner_gone/1")
}
