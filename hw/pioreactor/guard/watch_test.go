package guard

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// play shows a watch bytes, EOF, and time without a word.
func play(w *watch, script string) verdict {
	for _, part := range strings.Fields(script) {
		switch part {
		case "EOF":
			w.closed()
		case "1s", "2s", "60s":
			d, _ := time.ParseDuration(part)
			w.passed(d, time.Second)
		default:
			w.heard([]byte(part))
		}
		w.judge()
	}
	return w.judge()
}

func TestWatchKnowsDeathFromLeaving(t *testing.T) {
	for script, want := range map[string]verdict{
		"":                                  nothing,
		"EOF":                               act,     // dead before the first beat
		"60s 60s 60s 60s 60s 60s":           nothing, // a start takes its time
		". 1s 1s 1s 1s":                     nothing,
		". 1s 1s 1s 1s 1s":                  act,
		". 1s 1s 1s 1s . 1s 1s 1s 1s":       nothing,
		". 1s 1s 1s 1s xyz 1s":              act,     // no beat
		". 60s":                             nothing, // the guard itself was held up
		". 60s 60s 60s":                     act,
		". EOF":                             act,
		"..........q":                       depart,
		". q EOF":                           depart,
		"q EOF":                             depart,
		". q 1s 1s 1s 1s 1s 1s":             depart,
		"EOF q":                             act,
		". s 1s 1s 1s 1s 1s 1s 1s 1s 1s":    nothing, // it tidies up
		". s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s": act,
		". s . 1s 1s 1s 1s 1s 1s q":         depart,
		". s EOF":                           act, // safe already: once more costs nothing
		"s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s":   act,
		". 1s 1s 1s 1s s 1s 1s 1s 1s 1s 1s": nothing,
		". 1s 1s 1s 1s 1s .":                act, // too late
	} {
		w := newWatch(5 * time.Second)
		if got := play(&w, script); got != want {
			t.Errorf("%q: verdict %d, want %d", script, got, want)
		}
	}
}

// TestWatchNeverActsOnALivingParent: whatever comes in whatever pieces, there is
// something to do only after EOF, a goodbye, or a silence that is long enough.
func TestWatchNeverActsOnALivingParent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWatch(5 * time.Second)
		var silent, limit time.Duration
		over := nothing
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				text := rapid.SliceOf(rapid.SampledFrom([]byte{beat, beat, beat, 0, '\n', 'Q', leaving, goodbye})).Draw(t, "bytes")
				w.heard(text)
				for _, b := range text {
					switch {
					case over != nothing:
					case b == beat:
						silent, limit = 0, max(limit, 5*time.Second)
					case b == leaving:
						silent, limit = 0, 10*time.Second
					case b == goodbye:
						over = depart
					}
				}
			case 1:
				if rapid.IntRange(0, 30).Draw(t, "EOF") == 0 {
					w.closed()
					if over == nothing {
						over = act
					}
				}
			default:
				slept := time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "slept"))
				w.passed(slept, 500*time.Millisecond)
				silent += min(slept, time.Second)
			}
			if over == nothing && limit > 0 && silent >= limit {
				over = act
			}
			if got := w.judge(); got != over {
				t.Fatalf("verdict %d after %v of silence (limit %v), want %d", got, silent, limit, over)
			}
		}
	})
}
