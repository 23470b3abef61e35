package actors

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/pioactor/pioactor/actors/setting"
)

// A signal is a published number with a name, such as an alarm watches:
//
//	od, od2 …            the first signal channel's OD, and that of one channel; readings that are bad are no news
//	growth_rate_per_h    a number of a registered, retained fact, by its name in JSON
//	leds/A               the same, where the name alone would say little or is taken
//	stirring/target_rpm  a setting; true is 1, false 0
//
// So whoever registers a fact or a job has its numbers watched without more.

// carrier is where a signal is found: a field of a fact.
type carrier struct {
	fact  reflect.Type
	field int
	gaps  bool // 0 means unknown
}

// carriers lists the signals of facts by name. It is rebuilt when messages
// were registered since.
var carriers struct {
	sync.Mutex
	of    int // messages it was built from
	names map[string]carrier
}

func factSignals() map[string]carrier {
	messages.RLock()
	defer messages.RUnlock()
	carriers.Lock()
	defer carriers.Unlock()
	if carriers.of != len(messageOrder) {
		carriers.of, carriers.names = len(messageOrder), map[string]carrier{}
		for _, name := range messageOrder { // nobody takes a name of the house
			addSignals(carriers.names, name, messageTypes[name])
		}
	}
	return carriers.names
}

// addSignals enters the numbers of fact type t, if there is only one of its kind.
func addSignals(names map[string]carrier, message string, t reflect.Type) {
	zero, ok := reflect.Zero(t).Interface().(Retained)
	if !ok || t.Kind() != reflect.Struct || zero.RetainKey() != "" {
		return
	}
	message, _, _ = strings.Cut(message, "/")
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() != reflect.Float64 || name == "" || name == "-" {
			continue
		}
		if _, taken := names[name]; taken || len(name) == 1 {
			name = message + "/" + name
		}
		names[name] = carrier{t, i, f.Tag.Get("zero") == "unknown"}
	}
}

// odChannel is the channel of a signal such as od2; 0 of od, the first there is.
func odChannel(signal string) (channel int, ok bool) {
	rest, ok := strings.CutPrefix(signal, "od")
	switch {
	case !ok || len(rest) > 1:
		return 0, false
	case rest == "":
		return 0, true
	}
	return int(rest[0] - '0'), rest >= "1" && rest <= "4"
}

// Signals lists the names of all signals that are not settings.
func Signals() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(factSignals())), "od", "od1", "od2", "od3", "od4")))
}

// CheckSignal reports why name is no signal.
func CheckSignal(name string) error {
	if _, known := factSignals()[name]; known {
		return nil
	}
	if _, known := odChannel(name); known {
		return nil
	}
	job, field, isSetting := strings.Cut(name, "/")
	if !isSetting {
		return fmt.Errorf("%.60q is not a signal; there are %s, and settings such as stirring/target_rpm", name, strings.Join(Signals(), ", "))
	}
	return checkSetting(job, field)
}

func checkSetting(job, name string) error {
	var numbers []string
	for _, r := range Registered() {
		if r.Slot() != job {
			continue
		}
		for _, f := range setting.Of(r.New()) {
			if numeric := f.Kind != setting.String && f.Kind != setting.List && f.Kind != setting.Map && f.Kind != setting.Table; f.Shown && numeric {
				numbers = append(numbers, f.Name)
			}
		}
	}
	slices.Sort(numbers)
	switch numbers = slices.Compact(numbers); {
	case slices.Contains(numbers, name):
		return nil
	case numbers == nil:
		return fmt.Errorf("%.40q is not a job with numbers to watch; there are %s", job, strings.Join(slots(), ", "))
	}
	return fmt.Errorf("%.40q is not a number that %s publishes; there are %s", name, job, strings.Join(numbers, ", "))
}

// SubscribeSignal delivers to this job the facts that carry a signal, from now
// on; SignalOf finds it in them.
func SubscribeSignal(c *Context, name string) {
	t := reflect.TypeFor[SettingChanged]()
	if from, known := factSignals()[name]; known {
		t = from.fact
	} else if _, isOD := odChannel(name); isOD {
		t = reflect.TypeFor[ODReadings]()
	}
	c.h.sys.bus.subscribe(t, c.h.life.pid)
}

// SignalOf is the value of the signal called name in f. It is not ok where f
// does not carry it, or does not know it: a bad reading is no news.
func SignalOf(f Fact, name string) (value float64, ok bool) {
	switch f := f.(type) {
	case ODReadings:
		value, ok = odOf(f, name)
	case SettingChanged:
		if f.RetainKey() == name {
			value, ok = number(f.Value)
		}
	default:
		from, known := factSignals()[name]
		if known && reflect.TypeOf(f) == from.fact {
			value = reflect.ValueOf(f).Field(from.field).Float()
			ok = value != 0 || !from.gaps
		}
	}
	return value, ok && !math.IsNaN(value) && !math.IsInf(value, 0)
}

func odOf(f ODReadings, signal string) (value float64, ok bool) {
	channel, ok := odChannel(signal)
	if !ok {
		return 0, false
	}
	for _, r := range f.Readings {
		if channel == 0 || r.Channel == channel {
			return r.Value, r.Quality.Grade != Bad
		}
	}
	return 0, false
}

func number(value any) (x float64, ok bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
