package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// routes is the whole API.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	answers := map[string]func(*http.Request) (any, error){
		"GET /api/status":              s.status,
		"GET /api/jobs":                s.jobs,
		"GET /api/jobs/{job}":          s.job,
		"POST /api/jobs/{job}/start":   s.start,
		"POST /api/jobs/{job}/stop":    s.stop,
		"POST /api/jobs/{job}/set":     s.set,
		"POST /api/run/{action}":       s.run,
		"GET /api/vial":                s.vial,
		"POST /api/vial/{verb}":        s.atVial,
		"POST /api/bottles/{bottle}":   s.bottle,
		"GET /api/logs":                s.logs,
		"POST /api/logs":               s.note,
		"GET /api/alarms":              s.alarms,
		"POST /api/alarms/{alarm}/ack": s.acknowledge,
		"POST /api/identify":           s.identify,
		"GET /api/self_test":           s.selfTest,
		"POST /api/alarms/ack":         s.acknowledgeAll,
		"POST /api/alarms/test":        s.testDelivery,
		"GET /api/version":             s.version,
		"GET /api/procedure":           s.procedure,
		"POST /api/procedure/{verb}":   s.steer,
	}
	maps.Copy(answers, s.shelfRoutes(actors.Calibrations))
	maps.Copy(answers, s.shelfRoutes(actors.Estimators))
	for pattern, handle := range answers {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := handle(r)
			reply(w, answer, err)
		})
	}
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("GET /api/mqtt", s.mqtt)
	mux.HandleFunc("/", unknownRoute)
	return mux
}

func unknownRoute(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, "not_found", fmt.Sprintf("there is no %s %.100q", r.Method, r.URL.Path))
}

func (s *Server) version(*http.Request) (any, error) {
	return Version{Version: s.o.Version, Go: runtime.Version()}, nil
}

// reply writes answer, or what kept it from being given.
func reply(w http.ResponseWriter, answer any, err error) {
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		refuse(w, refusal.Status, refusal.Code, refusal.Reason)
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "failed", err.Error())
	default:
		write(w, http.StatusOK, answer)
	}
}

func refuse(w http.ResponseWriter, status int, code, reason string) {
	write(w, status, &Error{Code: code, Reason: reason})
}

// write sends v as JSON. A client that is gone is not our trouble.
func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"code":"failed","reason":"the answer cannot be written as JSON"}`)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime)) // fails only in a recorder, which never blocks
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// read decodes a request's body into v: one JSON value, no unknown field. An
// empty body is an empty object.
func read(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return invalid("bad_json", "body: %.200v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("bad_json", "body: want one JSON value")
	}
	return nil
}

// invalid is a request that is wrong in itself.
func invalid(code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Reason: fmt.Sprintf(format, args...)}
}
