package bridge

import (
	"maps"
	"slices"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/setting"
)

// Bounds of one dose by hand; the ledger knows the vial and is stricter.
const (
	maxDoseML = 1000.0 // mL
	maxDoseS  = 3600.0 // s
)

// readDose reads {"ml": 1.0} or {"duration": 2.5}.
func readDose(w wish, options map[string]any) (wish, error) {
	for name := range options {
		if name != "ml" && name != "duration" && name != "source_of_event" {
			return w, refuse("unknown", "%.40s: no such option; there are ml, duration, source_of_event, id, expires", name)
		}
	}
	ml, byVolume := options["ml"]
	duration, byTime := options["duration"]
	if byVolume == byTime {
		return w, refuse("invalid", "%s: want exactly one of ml (mL) and duration (s)", w.job)
	}
	dose := actors.Dose{Source: "mqtt"}
	if source, ok := options["source_of_event"].(string); ok && len(source) <= maxID {
		dose.Source = source
	}
	var err error
	if byVolume {
		err = byML(&dose, w.job, ml)
	} else {
		err = bySeconds(&dose, w.job, duration)
	}
	w.target, w.body = "vial", dose
	return w, err
}

func byML(d *actors.Dose, action string, value any) error {
	ml, ok := value.(float64)
	if !ok || !(ml > 0 && ml <= maxDoseML) {
		return refuse("out_of_range", "ml: want more than 0 and at most %v mL, got %.40v", maxDoseML, value)
	}
	switch action {
	case "add_media":
		d.MediaML = ml
	case "add_alt_media":
		d.AltMediaML = ml
	default:
		d.WasteML = ml
	}
	return nil
}

// pumps by action.
var pumps = map[string]string{"add_media": "media", "add_alt_media": "alt_media", "remove_waste": "waste"}

func bySeconds(d *actors.Dose, action string, value any) error {
	s, ok := value.(float64)
	if !ok || !(s > 0 && s <= maxDoseS) {
		return refuse("out_of_range", "duration: want more than 0 and at most %v s, got %.40v", maxDoseS, value)
	}
	d.Pump, d.For = pumps[action], time.Duration(s*float64(time.Second))
	return nil
}

// pairs orders options by name, so that the same message is the same command.
func pairs(options map[string]any) []setting.Pair {
	all := make([]setting.Pair, 0, len(options))
	for _, name := range slices.Sorted(maps.Keys(options)) {
		all = append(all, setting.Pair{Name: name, Value: options[name]})
	}
	return all
}
