package bridge

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/setting"
)

// readDose reads {"ml": 1.0}, {"duration": 2.5} and what else an action takes.
func readDose(w wish, options map[string]any) (wish, error) {
	dose, err := action.Dose(w.job, options)
	if dose.Source == "" {
		dose.Source = "mqtt"
	}
	w.target, w.body = "vial", dose
	return w, err
}

// stopDosing is the action that turns pumps off.
const stopDosing = "stop_dosing"

// readStop reads nothing, for all pumps, or {"action": "add_media"}.
func readStop(w wish, options map[string]any) (wish, error) {
	name, isText := options["action"].(string)
	_, given := options["action"]
	switch {
	case len(options) > 1 || len(options) == 1 && !given:
		return w, actors.Refuse("unknown", "stop_dosing: want action, id and expires, or nothing")
	case given && (!isText || !action.Is(name)):
		return w, actors.Refuse("unknown_action", "action: %.40v: want one of %s, or leave it out", options["action"], strings.Join(action.Names(), ", "))
	}
	w.target, w.body = "vial", actors.StopDosing{Reason: "over MQTT", Action: name}
	return w, nil
}

// bottleTopics are the bottles by the name of their level among the bioreactor's
// variables.
var bottleTopics = map[string]string{"media_bottle_ml": "media", "alt_media_bottle_ml": "alt_media", "waste_bottle_ml": "waste"}

// readBottle reads what is in a bottle now, in mL.
func readBottle(w wish, text string) (wish, error) {
	ml, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(ml) || math.IsInf(ml, 0) {
		return w, actors.Refuse("wrong_type", "%s: want mL in the bottle, got %.40q", w.setting, text)
	}
	w.target, w.body = "vial", actors.SetBottle{Bottle: bottleTopics[w.setting], ML: ml}
	return w, nil
}

// pairs orders options by name, so that the same message is the same command.
func pairs(options map[string]any) []setting.Pair {
	all := make([]setting.Pair, 0, len(options))
	for _, name := range slices.Sorted(maps.Keys(options)) {
		all = append(all, setting.Pair{Name: name, Value: options[name]})
	}
	return all
}
