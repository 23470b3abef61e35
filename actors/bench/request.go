package bench

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Verbs are what a person can say about the vial, over MQTT, HTTP and the
// command line alike.
var Verbs = []string{"pause", "resume", "sample", "swap", "set", "mark", "unblank", "waste_seen"}

// Request is what goes with a verb; each takes its own part of it.
type Request struct {
	ML          *float64   `json:"ml,omitempty"`                    // sample
	VolumeML    *float64   `json:"current_volume_ml,omitempty"`     // swap, set
	EffluxML    *float64   `json:"efflux_tube_volume_ml,omitempty"` // swap, set
	AltFraction *float64   `json:"alt_media_fraction,omitempty"`    // swap, set
	Cause       string     `json:"cause,omitempty"`                 // mark
	ID          string     `json:"id,omitempty"`                    // a repeated one is answered from memory
	Expires     *time.Time `json:"expires,omitempty"`               // refused from then on
}

// maxText bounds an id, in bytes.
const maxText = 128

// Parse reads a verb and its JSON object, which may be empty, for the
// experiment the unit is assigned to.
func Parse(verb, experiment, text string) (Request, actors.Command, error) {
	var r Request
	if text = strings.TrimSpace(text); text != "" {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return r, actors.Command{}, actors.Refuse("invalid", `%s: %.200v; want a JSON object, such as {"ml": 1}, or nothing`, verb, err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return r, actors.Command{}, actors.Refuse("invalid", "%s: want one JSON object", verb)
		}
	}
	cmd, err := r.Command(verb, experiment)
	return r, cmd, err
}

// Command is what r asks of the unit.
func (r Request) Command(verb, experiment string) (actors.Command, error) {
	var cmd actors.Command
	if len(r.ID) > maxText {
		return cmd, actors.Refuse("too_long", "%s: id: want at most %d bytes", verb, maxText)
	}
	if r.Expires != nil {
		cmd.Deadline = *r.Expires
	}
	switch cmd.Target = Name; verb {
	case "pause":
		cmd.Body = actors.PauseVial{}
	case "resume":
		cmd.Body = actors.ResumeVial{}
	case "mark":
		cmd.Body = actors.MarkVial{Cause: r.Cause}
	case "waste_seen":
		cmd.Target, cmd.Body = vialName, actors.WasteSeen{}
	case "unblank":
		cmd.Body = actors.SetBlank{Experiment: experiment}
	case "sample":
		if r.ML == nil {
			return cmd, actors.Refuse("invalid", "sample: want ml, how many mL were taken")
		}
		cmd.Target, cmd.Body = vialName, actors.SampleTaken{ML: *r.ML}
	case "swap":
		cmd.Target, cmd.Body = vialName, actors.SwapVial{VolumeML: r.VolumeML, EffluxML: r.EffluxML, AltFraction: r.AltFraction}
	case "set":
		if r.VolumeML == nil && r.EffluxML == nil && r.AltFraction == nil {
			return cmd, actors.Refuse("invalid", "set: want at least one of current_volume_ml, efflux_tube_volume_ml, alt_media_fraction")
		}
		cmd.Target, cmd.Body = vialName, actors.SetVial{VolumeML: r.VolumeML, EffluxML: r.EffluxML, AltFraction: r.AltFraction}
	default:
		return cmd, actors.Refuse("unknown_action", "%.40q is nothing to do with a vial; there are %s", verb, strings.Join(Verbs, ", "))
	}
	return cmd, r.only(verb)
}

// takes says which part of a Request belongs to a verb.
var takes = map[string]string{"sample": "ml", "swap": "volumes", "set": "volumes", "mark": "cause"}

// only refuses what a verb would silently ignore.
func (r Request) only(verb string) error {
	volumes := r.VolumeML != nil || r.EffluxML != nil || r.AltFraction != nil
	for part, given := range map[string]bool{"ml": r.ML != nil, "volumes": volumes, "cause": r.Cause != ""} {
		if given && takes[verb] != part {
			return actors.Refuse("invalid", "%s: does not take %s", verb, part)
		}
	}
	return nil
}
