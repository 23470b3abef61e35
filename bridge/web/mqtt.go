package web

import (
	"encoding/base64"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/pioactor/pioactor/bridge/mqtt"
)

// mqttQueue is how many messages a slow reader may lag behind.
const mqttQueue = 1024

// mqtt streams what the broker says under ?topic=, "#" without it.
func (s *Server) mqtt(w http.ResponseWriter, r *http.Request) {
	if s.o.MQTT == nil {
		refuse(w, http.StatusServiceUnavailable, "no_broker", "this unit runs without MQTT")
		return
	}
	filter := r.URL.Query().Get("topic")
	if filter == "" {
		filter = "#"
	}
	heard := make(chan MQTTMessage, mqttQueue)
	lost := make(chan struct{}, 1)
	stop, err := s.o.MQTT.Listen(filter, func(m mqtt.Message) {
		select {
		case heard <- messageOf(m):
		default: // the reader is too slow: say so instead of growing
			select {
			case lost <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	defer stop()
	s.relay(w, r, heard, lost)
}

func (s *Server) relay(w http.ResponseWriter, r *http.Request, heard <-chan MQTTMessage, lost <-chan struct{}) {
	out, err := newStream(w)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for err == nil {
		select {
		case m := <-heard:
			err = out.event("", "message", m)
		case <-lost:
			err = out.event("", "gap", Gap{Missed: 1})
		case <-tick.C:
			err = out.comment("beat")
		case <-r.Context().Done():
			return
		case <-s.quit.Done():
			return
		}
	}
}

func messageOf(m mqtt.Message) MQTTMessage {
	out := MQTTMessage{Topic: m.Topic, Payload: string(m.Payload), Retained: m.Retained, QoS: m.QoS}
	if !utf8.Valid(m.Payload) {
		out.Payload, out.Base64 = base64.StdEncoding.EncodeToString(m.Payload), true
	}
	return out
}
