package bridge

import (
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/wire"
)

// active says which file is in force on a device; nothing where none is. word is
// what Pioreactor calls such a file.
func (t *table) active(shelf, word, device, name, kind string, made time.Time) []line {
	l := line{topic: t.topic(wire.Universal, shelf, device), qos: 2, retain: true}
	if name != "" {
		l.value = wire.Object{
			{Name: word + "_name", Value: name}, {Name: word + "_type", Value: kind}, {Name: "created_at", Value: wire.FormatMicro(made)},
		}
	}
	return []line{l}
}

// stirringCalibration is the only procedure that Pioreactor 26.7.2 shows.
const stirringCalibration = "stirring_calibration"

// procedure shows the stirrer's calibration where Pioreactor does: in the
// experiment's test space.
func (t *table) procedure(f actors.Procedure) []line {
	if f.Device != "stirring" {
		return nil
	}
	space := "_testing_" + t.experiment
	state := string(actors.Ready)
	if f.State == actors.ProcedureEnded {
		state = string(actors.Disconnected)
	}
	progress := line{t.topic(space, stirringCalibration, "percent_progress"), f.Done, 0, false}
	if now := f.ID + state; now != t.calibrating {
		t.calibrating = now
		return []line{{t.topic(space, stirringCalibration, wire.StateTopic), state, 2, true}, progress}
	}
	return []line{progress}
}
