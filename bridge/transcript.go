package bridge

import (
	"errors"
	"fmt"

	"github.com/pioactor/pioactor/actors"
)

// Publication is one message as clients get it. An empty payload takes a
// retained one back.
type Publication struct {
	Topic   string
	Payload []byte
	QoS     byte
	Retain  bool
}

// Transcript is what a bridge would publish where there is no broker: in
// virtual time. One transcript is one life of a process; it is told every fact,
// in order. It belongs to one goroutine.
//
// It says nothing of what only a connection knows: answers to commands that
// came by MQTT, and wills.
type Transcript struct{ table *table }

// NewTranscript starts the life of a unit that is assigned to experiment.
func NewTranscript(root, unit, experiment string) *Transcript {
	return &Transcript{newTable(root, unit, experiment)}
}

// Of is what f makes the bridge say. What it cannot say is left out, and told
// in the error.
func (t *Transcript) Of(f actors.Fact) (said []Publication, err error) {
	for _, l := range t.table.lines(f) {
		topic, wrong := l.topic.Build()
		if wrong == nil {
			var payload []byte
			if payload, wrong = l.bytes(); wrong == nil {
				said = append(said, Publication{topic, payload, l.qos, l.retain})
				continue
			}
		}
		err = errors.Join(err, fmt.Errorf("bridge: %T: %w", f, wrong))
	}
	return said, err
}
