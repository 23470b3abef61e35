package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// stream writes server-sent events. Source: HTML Living Standard, 9.2.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// newStream answers with the head of a stream.
func newStream(w http.ResponseWriter) (*stream, error) {
	s := &stream{w: w, control: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return s, s.comment("hello")
}

// event sends v as JSON. A client that does not take it in writeTime is gone.
func (s *stream) event(id, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("web: event %s: %w", name, err)
	}
	head := ""
	if id != "" {
		head = "id: " + id + "\n"
	}
	return s.send(fmt.Sprintf("%sevent: %s\ndata: %s\n\n", head, name, data))
}

func (s *stream) comment(text string) error { return s.send(": " + text + "\n\n") }

func (s *stream) send(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return fmt.Errorf("web: stream: %w", err)
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("web: stream: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("web: stream: %w", err)
	}
	return nil
}
