// Package action reads what people want pumps to do by hand: the same options
// over MQTT, HTTP and the command line become the same [actors.Dose].
//
// It refuses what makes no sense in itself; whether the vial has room is the
// vial's business.
//
//	dose, err := action.Dose("add_media", map[string]any{"ml": 1.0})
package action

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Bounds of one action; the vial is stricter.
const (
	maxML = 1000.0 // mL
	maxS  = 3600.0 // s
)

// form is what an action takes.
type form struct {
	pump    string
	options []string
}

var amounts = []string{"ml", "duration", "continuously"}

// forms are the actions by name. Names and options: Pioreactor 26.7.2.
var forms = map[string]form{
	"add_media":           {"media", amounts},
	"add_alt_media":       {"alt_media", amounts},
	"remove_waste":        {"waste", amounts},
	"circulate_media":     {"media", []string{"duration"}},
	"circulate_alt_media": {"alt_media", []string{"duration"}},
	"pumps":               {"", []string{"sequence"}},
}

// Is reports whether name is an action of pumps.
func Is(name string) bool { return forms[name].options != nil }

// Names are the actions, sorted.
func Names() []string { return slices.Sorted(maps.Keys(forms)) }

// Dose makes a dose of an action's options, as JSON has them: ml (mL), duration
// (s), continuously (true; with duration: that long at most), sequence, and
// source_of_event.
func Dose(name string, options map[string]any) (actors.Dose, error) {
	var d actors.Dose
	f, ok := forms[name]
	if !ok {
		return d, actors.Refuse("unknown_action", "%.40q is not an action; there are %s", name, strings.Join(Names(), ", "))
	}
	for _, option := range slices.Sorted(maps.Keys(options)) {
		if option != "source_of_event" && !slices.Contains(f.options, option) {
			return d, actors.Refuse("unknown", "%.40s: no such option; there are %s, source_of_event, id, expires", option, strings.Join(f.options, ", "))
		}
	}
	source, _ := options["source_of_event"].(string)
	if len(source) > 128 {
		return d, actors.Refuse("too_long", "source_of_event: want at most 128 bytes")
	}
	d.Source = source
	var err error
	switch {
	case name == "pumps":
		err = sequence(&d, options["sequence"])
	case strings.HasPrefix(name, "circulate_") && options["duration"] == nil:
		return d, actors.Refuse("invalid", "%s: want duration (s)", name)
	case strings.HasPrefix(name, "circulate_"):
		d.Pump, d.Circulate = f.pump, true
		d.For, err = duration(options["duration"])
	default:
		err = amount(&d, name, f.pump, options)
	}
	return d, err
}

func amount(d *actors.Dose, name, pump string, options map[string]any) error {
	ml, byVolume := options["ml"]
	seconds, byTime := options["duration"]
	on, byHand := options["continuously"]
	endless, _ := on.(bool)
	switch {
	case byHand && !endless:
		return actors.Refuse("invalid", "continuously: want true, or leave it out")
	case byVolume == (byTime || byHand):
		return actors.Refuse("invalid", "%s: want exactly one of ml (mL), duration (s) and continuously; a duration beside continuously is its end", name)
	case byVolume:
		return volume(d, pump, ml)
	}
	d.Pump, d.Continuously = pump, byHand
	if !byTime {
		return nil
	}
	var err error
	d.For, err = duration(seconds)
	return err
}

func volume(d *actors.Dose, pump string, value any) error {
	ml, ok := value.(float64)
	if !ok || !(ml > 0 && ml <= maxML) {
		return actors.Refuse("out_of_range", "ml: want more than 0 and at most %v mL, got %.40v", maxML, value)
	}
	switch pump {
	case "media":
		d.MediaML = ml
	case "alt_media":
		d.AltMediaML = ml
	default:
		d.WasteML = ml
	}
	return nil
}

func duration(value any) (time.Duration, error) {
	s, ok := value.(float64)
	if !ok || !(s > 0 && s <= maxS) {
		return 0, actors.Refuse("out_of_range", "duration: want more than 0 and at most %v s, got %.40v", maxS, value)
	}
	return time.Duration(s * float64(time.Second)), nil
}

// sequence reads [{"media": 2}, {"sleep": 5}, {"waste": 2}]: mL, and s of sleep.
func sequence(d *actors.Dose, value any) error {
	list, ok := value.([]any)
	if !ok || len(list) == 0 || len(list) > 100 {
		return actors.Refuse("invalid", `sequence: want 1 to 100 steps, such as [{"media":2},{"sleep":5},{"waste":2}]`)
	}
	for i, item := range list {
		step, _ := item.(map[string]any)
		if len(step) != 1 {
			return actors.Refuse("invalid", `sequence: step %d: want one pump or a sleep, such as {"media":2}`, i+1)
		}
		for what, value := range step {
			next, err := stepOf(what, value)
			if err != nil {
				return actors.Refuse("invalid", "sequence: step %d: %v", i+1, err)
			}
			d.Sequence = append(d.Sequence, next)
		}
	}
	return nil
}

func stepOf(what string, value any) (actors.PumpStep, error) {
	switch what {
	case "sleep":
		pause, err := duration(value)
		return actors.PumpStep{Sleep: pause}, err
	case "media", "alt_media", "waste":
		err := volume(&actors.Dose{}, what, value)
		ml, _ := value.(float64)
		return actors.PumpStep{Pump: what, ML: ml}, err
	}
	return actors.PumpStep{}, fmt.Errorf("%.40q: want media, alt_media, waste (mL) or sleep (s)", what)
}

// Of is the action that d is, or "" for an exchange or a sequence, whose pumps
// act one after the other.
func Of(d actors.Dose) string {
	named := map[string]string{"media": "add_media", "alt_media": "add_alt_media", "waste": "remove_waste"}
	switch {
	case len(d.Sequence) > 0:
		return ""
	case d.Circulate:
		return "circulate_" + d.Pump
	case d.Pump != "":
		return named[d.Pump]
	case d.AltMediaML == 0 && d.WasteML == 0:
		return named["media"]
	case d.MediaML == 0 && d.WasteML == 0:
		return named["alt_media"]
	case d.MediaML == 0 && d.AltMediaML == 0:
		return named["waste"]
	}
	return ""
}
