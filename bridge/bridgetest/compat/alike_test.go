package compat

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// alike compares what a client heard of a unit on the twin and of one on a HAT.
func alike(t *testing.T, bare, onHAT *rig) {
	t.Helper()
	sameSayings(t, bare, onHAT)
	for topic, why := range told {
		t.Run(topic, func(t *testing.T) { sameStory(t, why, bare, onHAT) })
	}
	for _, c := range curves {
		t.Run(c.topic, func(t *testing.T) { c.compare(t, bare, onHAT) })
	}
	sameDoses(t, bare, onHAT)
	asTrue(t, bare, onHAT)
}

// sameSayings: the same topics with QoS, retain flag and shapes of payload.
func sameSayings(t *testing.T, bare, onHAT *rig) {
	t.Helper()
	kinds := func(u *rig) map[said]bool {
		set := map[said]bool{}
		for of, s := range sayings(u.said) {
			set[said{of.topic, of.shape, s.qos, s.retain}] = true
		}
		return set
	}
	a, b := kinds(bare), kinds(onHAT)
	for s := range a {
		if !b[s] {
			t.Errorf("only on the twin: %s", s)
		}
	}
	for s := range b {
		if !a[s] {
			t.Errorf("only on the HAT: %s, such as %s", s, sayings(onHAT.said)[saying{s.topic, s.payload}])
		}
	}
}

// told is what must be the same word for word and in the same order, by topic;
// numbers in logs apart, which tell of readings.
var told = map[string]*regexp.Regexp{
	"states of jobs":    regexp.MustCompile(`^[EU]/(stirring|od_reading|growth_rate_calculating|\w+_automation|monitor)/\$state$`),
	"settings":          regexp.MustCompile(`^E/(stirring|od_reading|\w+_automation)/(target_\w+|enable_\w+|automation_name|biomass_signal|interval|ir_led_intensity|exchange_volume_ml|light_\w+|dark_\w+|room_temperature_c)$`),
	"lights":            regexp.MustCompile(`^E/led_change_events$`),
	"warnings":          regexp.MustCompile(`^[EU]/logs/app/(warning|error|critical)$`),
	"other logs":        regexp.MustCompile(`^[EU]/logs/app/(debug|info|notice)$`),
	"alarms":            regexp.MustCompile(`^U/alarms/`),
	"button":            regexp.MustCompile(`^U/monitor/button_down$`),
	"supply":            regexp.MustCompile(`^U/monitor/voltage_on_pwm_rail$`),
	"who and where":     regexp.MustCompile(`^U/monitor/(ipv4|wlan_mac_address|eth_mac_address)$`),
	"vial":              regexp.MustCompile(`^E/(vial/state|bioreactor/efflux_tube_volume_ml)$`),
	"dodging of the OD": regexp.MustCompile(`^E/stirring/currently_dodging_od$`),
}

// aside is what differs by the milliseconds that a converter takes, and by the
// noise of readings.
var aside = regexp.MustCompile(`"(timestamp|started_at|ended_at|since)":"[^"]*"|\d+(\.\d+)? (mL|°C|rpm|h|V|Hz)\b`)

type word struct {
	at   time.Duration
	text string
}

// story is what was said on topics, in order topic by topic.
func (u *rig) story(topics *regexp.Regexp) map[string][]word {
	all := map[string][]word{}
	for i, s := range u.said {
		if topics.MatchString(s.topic) {
			all[s.topic] = append(all[s.topic], word{u.when[i], aside.ReplaceAllString(s.payload, "…")})
		}
	}
	return all
}

// sameStory: word for word, and each word at the same time but for what a
// converter takes longer, which is less than a second.
func sameStory(t *testing.T, topics *regexp.Regexp, bare, onHAT *rig) {
	t.Helper()
	a, b := bare.story(topics), onHAT.story(topics)
	if len(a) == 0 {
		t.Error("nothing was said")
	}
	for _, topic := range slices.Sorted(maps.Keys(a)) {
		for i, want := range a[topic] {
			if i >= len(b[topic]) {
				t.Errorf("%s: the HAT never said number %d, at %v: %s", topic, i, want.at, want.text)
				break
			}
			if got := b[topic][i]; got.text != want.text || (got.at-want.at).Abs() > time.Second && !strings.Contains(topic, "logs") {
				t.Errorf("%s number %d: %v %s; on the twin %v %s", topic, i, got.at, got.text, want.at, want.text)
				break
			}
		}
		if n := len(a[topic]); len(b[topic]) > n {
			t.Errorf("%s: the HAT said more: %v %s", topic, b[topic][n].at, b[topic][n].text)
		}
	}
}

// curve is a number over time, compared by its means over spans.
type curve struct {
	topic, field string
	span         time.Duration
	from         time.Duration // until then it has nothing to say
	tolerance    float64
	relative     bool
}

// curves with the reasons for their tolerances.
var curves = []curve{
	// A turbidostat that doses 0.8 of 15 mL is a saw of 5 % each 3.5 min; a dose that
	// comes 30 s later moves a mean over 5 min by up to 1 %.
	{topic: "E/od_reading/od2", field: "od", span: 5 * time.Minute, tolerance: 0.01, relative: true},
	// Of 0.9 /h; the filter has seen the same culture with other errors and doses.
	{topic: "E/growth_rate_calculating/growth_rate", field: "growth_rate", span: 5 * time.Minute, from: 5 * time.Minute, tolerance: 0.1},
	{topic: "E/growth_rate_calculating/od_filtered", field: "od_filtered", span: 5 * time.Minute, tolerance: 0.01, relative: true},
	// A turn is timed to microseconds on both; but a span in which stirring slows for
	// readings holds both speeds, and one more of either at its ends.
	{topic: "E/stirring/measured_rpm", field: "measured_rpm", span: 2 * time.Minute, tolerance: 5},
	{topic: "E/stirring/duty_cycle", span: 2 * time.Minute, tolerance: 0.6},
	// It is relative to the first reading alone; one count of the RP2040 is 25 µV of
	// 0.2 V, and its filter sees the LED warm, by 0.2 % within 0.3 s, in its own way.
	{topic: "E/od_reading/relative_intensity_of_ir_led", field: "relative_intensity_of_ir_led", span: 2 * time.Minute, tolerance: 0.002},
}

// means are those of a curve over whole spans until the life ends. What is not
// said anew stays what it was.
func (u *rig) means(c curve) (all []float64) {
	spans, last := make([][]float64, int(u.ended/c.span)), math.NaN()
	for i, s := range u.said {
		if k := int(u.when[i] / c.span); s.topic == c.topic && s.payload != "" && k < len(spans) {
			spans[k] = append(spans[k], number(s.payload, c.field))
		}
	}
	for _, span := range spans {
		m := last
		if len(span) > 0 {
			m, last = mean(span), span[len(span)-1]
		}
		all = append(all, m)
	}
	return all[min(int(c.from/c.span)+1, len(all)):]
}

func (c curve) compare(t *testing.T, bare, onHAT *rig) {
	t.Helper()
	a, b := bare.means(c), onHAT.means(c)
	if len(a) == 0 {
		t.Error("nothing was said")
	}
	for k, want := range a {
		tolerance := c.tolerance
		if c.relative {
			tolerance *= want
		}
		near(t, fmt.Sprintf("%s, span %d of %v", c.topic, k, c.span), b[k], want, tolerance)
	}
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}

// sameDoses: as many, of the same volumes, in the same order, each within a
// minute: a turbidostat starts each wait where the last dose ended, 0.3 % of
// noise is 13 s of growth, and readings come every 5 s. What is said is what flowed.
func sameDoses(t *testing.T, bare, onHAT *rig) {
	t.Helper()
	a, b := bare.doses(bare.ended), onHAT.doses(onHAT.ended)
	if d := len(b) - len(a); d < -2 || d > 2 { // one exchange is two events
		t.Errorf("%d dosing events on the HAT, %d on the twin", len(b), len(a))
	}
	for i := range min(len(a), len(b)) {
		if a[i].what != b[i].what {
			t.Errorf("dosing event %d is %s at %v on the HAT, %s at %v on the twin", i, b[i].what, b[i].at, a[i].what, a[i].at)
			break
		}
		near(t, "volume of a dose", b[i].ml, a[i].ml, 1e-6)
		near(t, "time of a dose, s", b[i].at.Seconds(), a[i].at.Seconds(), 60)
	}
	sameFlow(t, "the twin", bare)
	sameFlow(t, "the HAT", onHAT)
}

// slack is what a dose on a machine in virtual time may be off that begins or
// ends while the thermometer takes its quarter of a second, and the bus its time
// for that: the machine is ahead by then. On a real one nothing waits for it.
const slack = 0.3 * 0.0911 // mL

// sameFlow: what was said is what flowed.
func sameFlow(t *testing.T, where string, u *rig) {
	t.Helper()
	for what, role := range map[string]hw.PumpRole{"add_media": hw.Media, "add_alt_media": hw.AltMedia} {
		counted, n := 0.0, 0.0
		for _, d := range u.doses(u.Lived()) {
			if d.what == what {
				counted, n = counted+d.ml, n+1
			}
		}
		if got := u.moved(role); !(math.Abs(got-counted) <= slack*n) {
			t.Errorf("%s on %s: %.4f mL flowed, %.4f mL were said", what, where, got, counted)
		}
	}
}

// asTrue: one measurement more or less, which 0.0625 °C can decide, moves the
// heater minutes earlier or later, so that the courses differ; but
// what is inferred from the heater's board as it cools is as far from the vial's
// temperature on both.
func asTrue(t *testing.T, bare, onHAT *rig) {
	t.Helper()
	if len(bare.inferred) == 0 || len(onHAT.inferred) == 0 {
		t.Fatal("no temperature was said")
	}
	near(t, "error of an inferred temperature", mean(onHAT.inferred), mean(bare.inferred), 0.5)
}

// number is a payload's number, or that of its field.
func number(payload, field string) float64 {
	if field == "" {
		v, _ := strconv.ParseFloat(payload, 64)
		return v
	}
	var fields map[string]any
	_ = json.Unmarshal([]byte(payload), &fields)
	v, _ := fields[field].(float64)
	return v
}

func text(payload, field string) string {
	var fields map[string]any
	_ = json.Unmarshal([]byte(payload), &fields)
	v, _ := fields[field].(string)
	return v
}
