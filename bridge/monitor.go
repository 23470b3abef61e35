package bridge

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

// The monitor listens to two topics that are no settings, of whatever
// experiment. Source: Pioreactor 26.7.2, monitor.py.
const (
	monitorJob  = "monitor"
	flickerCode = "flicker_led_with_error_code" // an error code, 1 to 8
	flickerOkay = "flicker_led_response_okay"   // anything: blink, so that somebody finds this unit
)

func (t *table) plainFilters() []string {
	own := t.root + "/" + t.unit + "/+/" + monitorJob + "/"
	return []string{own + flickerCode, own + flickerOkay, t.root + "/" + wire.Broadcast + "/+/" + monitorJob + "/" + flickerOkay}
}

// isFlicker reports whether topic is one of those two.
func isFlicker(topic wire.Topic) bool {
	return topic.Job == monitorJob && !topic.Set && (topic.Setting == flickerCode || topic.Setting == flickerOkay)
}

func readFlicker(w wish, text string) (wish, error) {
	w.target, w.body = monitorJob, actors.Identify{}
	if w.setting == flickerOkay {
		return w, nil
	}
	code, err := strconv.Atoi(text)
	if err != nil {
		return w, actors.Refuse("wrong_type", "%s: want an error code of 1 to 8, got %.20q", w.setting, text)
	}
	w.body = actors.BlinkError{Code: code}
	return w, nil
}

const selfTest = "self_test"

// checkValue is 1 or 0, as Pioreactor's; nil, which clears, for a check that has
// not been judged.
func checkValue(f actors.SelfTestCheck) any {
	switch f.Verdict {
	case actors.Passed:
		return int64(1)
	case actors.Failed:
		return int64(0)
	}
	return nil
}

// selfTest says how it ended. Its topics stay when the job is gone.
func (t *table) selfTest(f actors.SelfTest) []line {
	var passed, pairs any
	if !f.Running {
		passed, pairs = int64(0), correlations(f)
		if f.Failed+f.Skipped == 0 {
			passed = int64(1)
		}
	}
	return []line{
		{t.topic(wire.Universal, selfTest, "all_tests_passed"), passed, 2, true},
		{t.topic(wire.Universal, selfTest, "correlations_between_pds_and_leds"), pairs, 2, true},
	}
}

// correlations is [["A", "1", 0.998], …]: LED, photodiode, Pearson's r.
func correlations(f actors.SelfTest) any {
	text := []byte("[")
	for i, p := range f.Correlations {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = fmt.Appendf(text, "[%q, %q, %s]", p.LED, p.Photodiode, strconv.FormatFloat(p.R, 'g', 4, 64))
	}
	return json.RawMessage(append(text, ']'))
}
