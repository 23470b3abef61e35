package setting_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pioactor/pioactor/actors/setting"
)

type pump struct {
	Rate   float64           `toml:"rate" unit:"mL/s" min:"0" max:"2" set:"yes"`
	Pause  time.Duration     `toml:"pause" unit:"min" above:"0" set:"yes"`
	Wait   time.Duration     `toml:"wait" min:"0"`
	Turns  int               `toml:"turns" min:"1" max:"9" set:"yes"`
	On     bool              `toml:"on" set:"yes"`
	Mode   string            `toml:"mode" oneof:"auto|hand" set:"yes"`
	Seen   float64           `toml:"seen" set:"no"`
	Pins   map[string]string `toml:"pins"`
	Names  []string          `toml:"names"`
	Bottle bottle            `toml:"bottle"`
	Seed   uint64            `toml:"seed"`
}

type bottle struct {
	Low  float64 `toml:"low_ml" min:"0"`
	High float64 `toml:"high_ml" min:"0"`
}

func (b *bottle) Validate() error {
	if b.Low > b.High {
		return &setting.Refusal{Name: "low_ml", Code: "invalid", Reason: "low_ml: want at most high_ml"}
	}
	return nil
}

func TestChangeSaysWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		name  string
		value any
		want  string // the exact sentence; empty: accepted
	}{
		"text":              {"rate", " 1.5 ", ""},
		"exponent":          {"rate", "1e-3", ""},
		"decoded":           {"rate", int64(1), ""},
		"too high":          {"rate", "2.01", `rate: want 0 to 2 mL/s, got "2.01"`},
		"not a number":      {"rate", "fast", `rate: want a number in mL/s, such as 1.5, got "fast"`},
		"nan":               {"rate", "nan", `rate: want a number in mL/s, such as 1.5, got "nan"`},
		"inf":               {"rate", "-Inf", `rate: want a number in mL/s, such as 1.5, got "-Inf"`},
		"decoded nan":       {"rate", math.NaN(), `rate: want a finite number in mL/s, got NaN`},
		"underscore":        {"rate", "1_0", `rate: want a number in mL/s, such as 1.5, got "1_0"`},
		"hex":               {"rate", "0x1", `rate: want a number in mL/s, such as 1.5, got "0x1"`},
		"huge":              {"rate", "1e999", `rate: want a number in mL/s, such as 1.5, got "1e999"`},
		"empty":             {"rate", "", `rate: want a number in mL/s, such as 1.5, got ""`},
		"binary":            {"rate", "\x00\xff", `rate: want a number in mL/s, such as 1.5, got "\x00\xff"`},
		"long":              {"rate", strings.Repeat("9", 5000), `rate: want a number in mL/s, such as 1.5, got "` + strings.Repeat("9", 40) + `…"`},
		"list":              {"rate", []any{1.0}, `rate: want a number in mL/s, such as 1.5, got [1]`},
		"whole":             {"turns", "3", ""},
		"not whole":         {"turns", "3.0", `turns: want a whole number, got "3.0"`},
		"duration":          {"pause", "1.5", ""},
		"zero duration":     {"pause", "0", `pause: want more than 0 min, got "0"`},
		"word for duration": {"pause", "soon", `pause: want a duration such as "90s" or "12h", got "soon"`},
		"endless duration":  {"pause", "1e17", `pause: want less than a century, got "1e17"`},
		"yes":               {"on", "yes", ""},
		"maybe":             {"on", "abc", `on: want true or false, got "abc"`},
		"one of":            {"mode", "hand", ""},
		"wrong case":        {"mode", "HAND", `mode: want one of auto, hand, got "HAND"`},
		"control character": {"mode", "a\x07", `mode: want printable text, got "a\a"`},
		"read only":         {"seen", "1", `seen: cannot be changed, it only reports`},
		"unknown":           {"colour", "red", `colour: no such setting; there are rate, pause, wait, turns, on, mode, seen, pins, names, bottle, seed`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := pump{Rate: 1, Pause: time.Minute, Turns: 2, Mode: "auto"}
			was := p.Rate
			err := setting.ChangeAll(&p, []setting.Pair{{Name: c.name, Value: c.value}})
			if got := message(err); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if err != nil && p.Rate != was {
				t.Error("a refused value changed something")
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestChangeAllIsAllOrNone(t *testing.T) {
	p := pump{Rate: 1, Turns: 2, Pause: time.Minute, Mode: "auto"}
	err := setting.ChangeAll(&p, []setting.Pair{{Name: "rate", Value: "2"}, {Name: "turns", Value: "99"}})
	if err == nil || p.Rate != 1 {
		t.Errorf("err %v, rate %v; want a refusal and 1", err, p.Rate)
	}
}

func TestDecodeTable(t *testing.T) {
	var p pump
	err := setting.DecodeTable(&p, map[string]any{
		"wait": "90s", "pause": 2.0, "pins": map[string]any{"1": "media"}, "names": []any{"a", "b"}, "seed": int64(7),
		"bottle": map[string]any{"low_ml": 1.0, "high_ml": int64(5)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Wait != 90*time.Second || p.Pause != 2*time.Minute || p.Pins["1"] != "media" || len(p.Names) != 2 || p.Bottle.High != 5 || p.Seed != 7 {
		t.Errorf("got %+v", p)
	}
	err = setting.DecodeTable(&pump{}, map[string]any{"bottle": map[string]any{"low_ml": 9.0}, "seed": int64(-1), "wait": -1.0})
	for _, want := range []string{"low_ml: want at most high_ml", "seed: want at least 0, got -1", "wait: want at least 0, got -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("errors %v lack %q", err, want)
		}
	}
}

func TestRefusedChangeHasACode(t *testing.T) {
	var r *setting.Refusal
	if err := setting.Change(&pump{}, "rate", "x"); !errors.As(err, &r) || r.Code != "not_a_number" || r.Name != "rate" {
		t.Errorf("got %+v", r)
	}
}

func TestAcceptedFloatsAreFiniteAndInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pump{}
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[+-]?[0-9]{0,3}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,3})?`)).Draw(t, "text")
		if setting.Assign(&p, "rate", text) == nil && !(p.Rate >= 0 && p.Rate <= 2) {
			t.Fatalf("%q became %v", text, p.Rate)
		}
	})
}

func FuzzAssign(f *testing.F) {
	f.Add("rate", "1")
	f.Add("pause", "1h")
	f.Fuzz(func(t *testing.T, name, text string) {
		p := pump{Rate: 1}
		err := setting.Assign(&p, name, text)
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("a refusal of %d bytes", len(err.Error()))
		}
		if !(p.Rate >= 0 && p.Rate <= 2) {
			t.Errorf("rate %v", p.Rate)
		}
	})
}

func TestSameIsNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) pump {
			return pump{
				Rate: rapid.Float64Range(0, 2).Draw(t, label), Pause: time.Duration(rapid.IntRange(0, 3).Draw(t, label)), Turns: rapid.IntRange(1, 3).Draw(t, label),
				On: rapid.Bool().Draw(t, label), Mode: rapid.SampledFrom([]string{"auto", "hand"}).Draw(t, label), Seed: rapid.Uint64().Draw(t, label),
			}
		}
		a, b := draw("a"), draw("b")
		for _, f := range setting.Of(&a) {
			shown := f.Value(&b)
			if f.Same(&a, shown) && f.Value(&a) != shown {
				t.Fatalf("%s: %v is called the same as %v", f.Name, f.Value(&a), shown)
			}
			if cheap := f.Kind == setting.Float || f.Kind == setting.Boolean || f.Kind == setting.String; cheap && !f.Same(&a, f.Value(&a)) {
				t.Fatalf("%s: %v is not called the same as itself", f.Name, f.Value(&a))
			}
		}
	})
}

// plain is a job without settings that is no pointer, as a small one may be.
type plain struct{}

func TestSetOfAPlainValueIsRefused(t *testing.T) {
	err := setting.ChangeAll(plain{}, []setting.Pair{{Name: "target_od", Value: 1.0}})
	var no *setting.Refusal
	if !errors.As(err, &no) || no.Code != "unknown" || no.Name != "target_od" {
		t.Errorf("a set of a value without settings: %v, want it refused as unknown", err)
	}
}
