package compat

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// A payload is read strictly: into a struct whose fields stand in the order of
// the wire, each of which keeps its text, and written again. Whatever was
// unknown, missing, twice, spaced out or in another order is not the same then.

// rule is how one JSON scalar is spelled.
type rule interface{ spelling() *regexp.Regexp }

// leaf is a scalar that obeys R.
type leaf[R rule] struct{ text string }

func (l *leaf[R]) UnmarshalJSON(text []byte) error {
	var r R
	if !r.spelling().Match(text) {
		return fmt.Errorf("%s is not spelled %s", text, r.spelling())
	}
	l.text = string(text)
	return nil
}

var errMissing = errors.New("a field is missing")

func (l leaf[R]) MarshalJSON() ([]byte, error) {
	if l.text == "" {
		return nil, errMissing
	}
	return []byte(l.text), nil
}

// Spellings. A float is Python's repr of one: always with a point or an
// exponent. Times are UTC: six digits in structs, of which the last three are 0,
// and three digits in logs.
var (
	floatSpelling   = regexp.MustCompile(`^-?(\d+\.\d+|\d(\.\d+)?e[+-]\d\d+)$`)
	atLeast0        = regexp.MustCompile(`^(\d+\.\d+|\d(\.\d+)?e[+-]\d\d+)$`)
	numberSpelling  = regexp.MustCompile(`^-?(\d+|\d+\.\d+|\d(\.\d+)?e[+-]\d\d+)$`)
	textSpelling    = regexp.MustCompile(`(?s)^".*"$`)
	asciiSpelling   = regexp.MustCompile(`^"[\x20-\x7e]*"$`)
	microSpelling   = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z"$`)
	milliSpelling   = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$`)
	nullSpelling    = regexp.MustCompile(`^null$`)
	orNullSpelling  = regexp.MustCompile(`(?s)^(".+"|null)$`)
	microOrNull     = regexp.MustCompile(`^("\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z"|null)$`)
	channelSpelling = regexp.MustCompile(`^"[1-4]"$`)
	angleSpelling   = regexp.MustCompile(`^"(45|90|135|180)"$`)
	ledSpelling     = regexp.MustCompile(`^"[A-D]"$`)
	liquidSpelling  = regexp.MustCompile(`^"(add_media|add_alt_media|remove_waste)"$`)
	levelSpelling   = regexp.MustCompile(`^"(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL)"$`)
	zeroSpelling    = regexp.MustCompile(`^0$`)
	oneSpelling     = regexp.MustCompile(`^1$`)
	stateSpelling   = regexp.MustCompile(`^"(init|ready|sleeping|disconnected|lost)"$`)
)

type (
	isFloat       struct{}
	isPositive    struct{}
	isNumber      struct{}
	isText        struct{}
	isASCII       struct{}
	isMicro       struct{}
	isMilli       struct{}
	isNull        struct{}
	isOrNull      struct{}
	isMicroOrNull struct{}
	isChannel     struct{}
	isAngle       struct{}
	isLED         struct{}
	isLiquid      struct{}
	isLevel       struct{}
	isZero        struct{}
	isOne         struct{}
	isState       struct{}
)

func (isFloat) spelling() *regexp.Regexp       { return floatSpelling }
func (isPositive) spelling() *regexp.Regexp    { return atLeast0 }
func (isNumber) spelling() *regexp.Regexp      { return numberSpelling }
func (isText) spelling() *regexp.Regexp        { return textSpelling }
func (isASCII) spelling() *regexp.Regexp       { return asciiSpelling }
func (isMicro) spelling() *regexp.Regexp       { return microSpelling }
func (isMilli) spelling() *regexp.Regexp       { return milliSpelling }
func (isNull) spelling() *regexp.Regexp        { return nullSpelling }
func (isOrNull) spelling() *regexp.Regexp      { return orNullSpelling }
func (isMicroOrNull) spelling() *regexp.Regexp { return microOrNull }
func (isChannel) spelling() *regexp.Regexp     { return channelSpelling }
func (isAngle) spelling() *regexp.Regexp       { return angleSpelling }
func (isLED) spelling() *regexp.Regexp         { return ledSpelling }
func (isLiquid) spelling() *regexp.Regexp      { return liquidSpelling }
func (isLevel) spelling() *regexp.Regexp       { return levelSpelling }
func (isZero) spelling() *regexp.Regexp        { return zeroSpelling }
func (isOne) spelling() *regexp.Regexp         { return oneSpelling }
func (isState) spelling() *regexp.Regexp       { return stateSpelling }

// strict reads payload as a T and nothing else.
func strict[T any](payload string) error {
	var v T
	d := json.NewDecoder(strings.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return err
	}
	var again bytes.Buffer
	e := json.NewEncoder(&again)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	if got := strings.TrimSuffix(again.String(), "\n"); got != payload {
		return fmt.Errorf("%s should be %s", payload, got)
	}
	return nil
}

// decoder reads one payload.
type decoder func(payload string) error

// oneOf is read by at least one of some.
func oneOf(some ...decoder) decoder {
	return func(payload string) error {
		var all error
		for _, read := range some {
			err := read(payload)
			if err == nil {
				return nil
			}
			all = errors.Join(all, err)
		}
		return all
	}
}

// matches reads what is no JSON object: a scalar as Python's str spells it.
func matches(pattern string) decoder {
	want := regexp.MustCompile(`^(` + pattern + `)$`)
	return func(payload string) error {
		if !want.MatchString(payload) {
			return fmt.Errorf("%q does not match %s", payload, want)
		}
		return nil
	}
}

func float(payload string) error {
	if !floatSpelling.MatchString(payload) {
		return fmt.Errorf("%q is not a float", payload)
	}
	return nil
}

var (
	boolean  = matches(`True|False`)
	whole    = matches(`-?\d+`)
	line     = matches(`[^\n]+`)
	state    = matches(`init|ready|sleeping|disconnected|lost`)
	offPin   = regexp.MustCompile(`, }|: 0\.0+[,}]`)
	dutyPins = matches(`\{("(17|13|16|12|18)": \d+\.\d+(, )?)*\}`)
)

// pwms reads {"17": 15.0}, spaced as json.dumps does; what is off is left out.
func pwms(payload string) error {
	if err := dutyPins(payload); err != nil {
		return err
	}
	if offPin.MatchString(payload) {
		return fmt.Errorf("%s: a comma at the end, or a channel that is off", payload)
	}
	var duty map[string]float64
	return json.Unmarshal([]byte(payload), &duty)
}

// base64Of is a JSON text that holds base64 of JSON that T reads.
type base64Of[T any] struct{ text string }

func (b *base64Of[T]) UnmarshalJSON(text []byte) error {
	var packed []byte
	if err := json.Unmarshal(text, &packed); err != nil {
		return err
	}
	b.text = string(text)
	return strict[T](string(packed))
}

func (b base64Of[T]) MarshalJSON() ([]byte, error) {
	if b.text == "" {
		return nil, errMissing
	}
	return []byte(b.text), nil
}

func TestStrictReadersRefuse(t *testing.T) {
	inner := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	window := `{"pioreactor_unit":"u","experiment":"e","started_at":"2026-11-22T09:16:39.240000Z","ended_at":null,"automation_name":"chemostat","settings":"`
	for name, c := range map[string]struct {
		read      decoder
		good, bad string
	}{
		"an unknown field":       {strict[measuredRPM], `{"measured_rpm":1.0,"timestamp":"2026-11-22T09:16:39.240000Z"}`, `{"measured_rpm":1.0,"timestamp":"2026-11-22T09:16:39.240000Z","x":1}`},
		"a missing field":        {strict[growthRate], `{"growth_rate":1e-05,"timestamp":"2026-11-22T09:16:39.240000Z"}`, `{"timestamp":"2026-11-22T09:16:39.240000Z"}`},
		"another order":          {strict[temperature], `{"timestamp":"2026-11-22T09:16:39.240000Z","temperature":25.4}`, `{"temperature":25.4,"timestamp":"2026-11-22T09:16:39.240000Z"}`},
		"a number as text":       {strict[dosingEvent], `{"volume_change":0.5,"event":"add_media","source_of_event":null,"timestamp":"2026-11-22T09:16:39.240000Z"}`, `{"volume_change":"0.5","event":"add_media","source_of_event":null,"timestamp":"2026-11-22T09:16:39.240000Z"}`},
		"an integer":             {float, "100.0", "100"},
		"a time of milliseconds": {strict[odFiltered], `{"od_filtered":1.43,"timestamp":"2026-11-22T09:16:39.240000Z"}`, `{"od_filtered":1.43,"timestamp":"2026-11-22T09:16:39.240Z"}`},
		"a time without a zone":  {strict[odFused], `{"od_fused":1.0,"timestamp":"2026-11-22T09:16:39.240000Z"}`, `{"od_fused":1.0,"timestamp":"2026-11-22T09:16:39.240000"}`},
		"spaces":                 {strict[leds], `{"A":0.0,"B":0.0,"C":0.0,"D":5.0}`, `{"A": 0.0, "B": 0.0, "C": 0.0, "D": 5.0}`},
		"no spaces":              {pwms, `{"17": 15.0, "18": 2.5}`, `{"17":15.0,"18":2.5}`},
		"a channel that is off":  {pwms, `{}`, `{"17": 0.0}`},
		"a negative raw reading": {odUnion, `{"calibrated":1,"timestamp":"2026-11-22T09:16:39.240000Z","angle":"90","od":-0.1,"channel":"2","ir_led_intensity":80.0,"calibration_name":"c"}`, `{"calibrated":0,"timestamp":"2026-11-22T09:16:39.240000Z","angle":"90","od":-0.1,"channel":"2","ir_led_intensity":80.0}`},
		"settings out of order":  {strict[window1], window + inner(`{"duration":5.0,"exchange_volume_ml":0.6,"state":"init"}`) + `"}`, window + inner(`{"exchange_volume_ml":0.6,"duration":5.0,"state":"init"}`) + `"}`},
		"data of another event":  {event, `{"event_name":"DilutionEvent","message":"x","data":{"exchange_volume_ml":0.3,"volume_actually_cycled_ml":0.3}}`, `{"event_name":"DilutionEvent","message":"x","data":{"exchange_volume_ml":0.3}}`},
		"a python bool in small": {boolean, "True", "true"},
	} {
		if err := c.read(c.good); err != nil {
			t.Errorf("%s: the right one: %v", name, err)
		}
		if c.read(c.bad) == nil {
			t.Errorf("%s: %s was read", name, c.bad)
		}
	}
}

type window1 = window[chemostat]
