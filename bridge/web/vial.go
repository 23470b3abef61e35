package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/bench"
)

// VialInfo is the answer to GET /api/vial.
type VialInfo struct {
	State actors.VialState `json:"state"`
	Vial  actors.Vial      `json:"vial"`
	Blank *actors.Blank    `json:"blank,omitempty"` // with those before it
}

func (s *Server) vial(*http.Request) (any, error) {
	var v VialInfo
	v.State, _ = actors.LatestOf[actors.VialState](s.sys, "")
	v.Vial, _ = actors.LatestOf[actors.Vial](s.sys, "")
	if blank, ok := actors.LatestOf[actors.Blank](s.sys, s.o.Experiment()); ok && blank.ID != "" {
		v.Blank = &blank
	}
	return v, nil
}

// atVial is what a person did at the vial, or is about to: a verb of bench.Verbs.
func (s *Server) atVial(r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, invalid("bad_json", "body: %.200v", err)
	}
	verb := r.PathValue("verb")
	want, cmd, err := bench.Parse(verb, s.o.Experiment(), string(text))
	if err != nil {
		return nil, parseRefusal(err)
	}
	if want.ID != "" {
		cmd.ID = "http:vial:" + want.ID
	}
	return s.command(r, cmd)
}

func parseRefusal(err error) error {
	var no *actors.Refusal
	if !errors.As(err, &no) {
		return err
	}
	status := http.StatusBadRequest
	if no.Code == "unknown_action" {
		status = http.StatusNotFound
	}
	return &Error{Status: status, Code: no.Code, Reason: no.Reason}
}

// BlankRequest is the body of POST /api/run/od_blank.
type BlankRequest struct {
	Samples int `json:"n_samples,omitempty"` // default 20
}

// blank starts the measurement; it is answered when that reads, and its end is
// the job's state. Another way to say POST /api/jobs/od_blank/start.
func (s *Server) blank(r *http.Request) (any, error) {
	var body BlankRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	start := actors.StartJob{Job: "od_blank"}
	if body.Samples != 0 {
		start.Options = pairs(map[string]any{"n_samples": float64(body.Samples)})
	}
	return s.command(r, actors.Command{Target: "experiment", Body: start})
}
