package bridge

import "github.com/pioactor/pioactor/actors"

// lights is the action that sets LEDs by hand.
const lights = "led_intensity"

// readLight reads {"A": 10, "C": 0}, in %; the LEDs left out stay as they are.
func readLight(w wish, options map[string]any) (wish, error) {
	set := actors.SetLEDs{Source: "mqtt"}
	channels := map[string]**float64{"A": &set.A, "B": &set.B, "C": &set.C, "D": &set.D}
	for name, value := range options {
		percent, isNumber := value.(float64)
		source, isText := value.(string)
		switch channel := channels[name]; {
		case channel != nil && isNumber:
			*channel = &percent
		case channel != nil:
			return w, actors.Refuse("not_a_number", "%s: want 0 to 100 %%, got %.40v", name, value)
		case name == "source_of_event" && isText && len(source) <= maxID:
			set.Source = source
		default:
			return w, actors.Refuse("unknown", "%.40s: no such option; there are A, B, C, D, source_of_event, id, expires", name)
		}
	}
	w.target, w.body = "leds", set
	return w, nil
}
