package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/action"
	"github.com/pioactor/pioactor/actors/setting"
)

// statuses tells HTTP clients what a refusal means; other codes are 422, a
// value that will not do.
var statuses = map[string]int{
	"unknown_job": http.StatusNotFound, "unknown_automation": http.StatusNotFound, "unknown_alarm": http.StatusNotFound,
	"unknown_target": http.StatusNotFound, "no_target": http.StatusConflict,
	"not_running": http.StatusConflict, "already_running": http.StatusConflict, "not_ready": http.StatusConflict,
	"invalid_transition": http.StatusConflict, "expired": http.StatusConflict, "old_epoch": http.StatusConflict,
	"held": http.StatusConflict, "busy": http.StatusConflict, "not_fitted": http.StatusConflict, "paused": http.StatusConflict,
	"not_paused": http.StatusConflict, "not_stirred": http.StatusConflict, "no_blank": http.StatusNotFound,
	"unknown_calibration": http.StatusNotFound, "unknown_device": http.StatusNotFound, "no_procedure": http.StatusNotFound,
	"exists": http.StatusConflict, "active": http.StatusConflict, "not_active": http.StatusConflict, "stale_turn": http.StatusConflict,
	"no_answer": http.StatusServiceUnavailable, "failed": http.StatusServiceUnavailable,
	"shutting_down": http.StatusServiceUnavailable, "hardware": http.StatusServiceUnavailable,
}

// Answer is the answer to a command that was carried out.
type Answer struct {
	ID    string `json:"id"`
	OK    bool   `json:"ok"`
	Value any    `json:"value,omitempty"`
}

// command sends one command and waits for its reply.
func (s *Server) command(r *http.Request, cmd actors.Command) (any, error) {
	cmd.Origin = origin(r)
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	replies := make(chan actors.Reply, 1)
	s.sys.Do(cmd, func(r actors.Reply) { replies <- r })
	select {
	case got := <-replies:
		if !got.OK {
			return nil, refusal(got)
		}
		return Answer{ID: got.ID, OK: true, Value: got.Value}, nil
	case <-s.quit.Done():
		return nil, &Error{Status: http.StatusServiceUnavailable, Code: "shutting_down", Reason: "this unit is shutting down"}
	case <-ctx.Done():
		return nil, &Error{Status: http.StatusServiceUnavailable, Code: "no_answer", Reason: fmt.Sprintf("%s did not answer", cmd.Target)}
	}
}

func refusal(r actors.Reply) *Error {
	return &Error{Status: cmp.Or(statuses[r.Code], http.StatusUnprocessableEntity), Code: r.Code, Reason: r.Reason}
}

// pairs orders settings by name, so that the same request is the same command.
func pairs(values map[string]any) []setting.Pair {
	all := make([]setting.Pair, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, setting.Pair{Name: name, Value: values[name]})
	}
	return all
}

func (s *Server) start(r *http.Request) (any, error) {
	var body StartRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	return s.command(r, actors.Command{Target: "experiment",
		Body: actors.StartJob{Job: r.PathValue("job"), Options: pairs(body.Options)}})
}

func (s *Server) stop(r *http.Request) (any, error) {
	if err := read(r, &struct{}{}); err != nil {
		return nil, err
	}
	if job := r.PathValue("job"); action.Is(job) {
		return s.command(r, actors.Command{Target: "vial", Body: actors.StopDosing{Reason: "by " + origin(r).Mouth, Action: job}})
	}
	return s.toJob(r, actors.SetState{State: actors.Disconnected})
}

func (s *Server) set(r *http.Request) (any, error) {
	var body SetRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if len(body.Values) == 0 {
		return nil, invalid("empty", `values: want at least one setting, such as {"values":{"target_rpm":500}}`)
	}
	state, asked := body.Values["$state"]
	if !asked {
		return s.toJob(r, actors.Set{Values: pairs(body.Values)})
	}
	text, ok := state.(string)
	if !ok || len(body.Values) > 1 {
		return nil, invalid("invalid_state", "$state: want a state, and no other setting beside it")
	}
	return s.toJob(r, actors.SetState{State: actors.State(text)})
}

// toJob sends body to the job in r's path. Only jobs are reached this way, not
// devices and other parts of the house.
func (s *Server) toJob(r *http.Request, body any) (any, error) {
	job := r.PathValue("job")
	if !s.knows(job) {
		return nil, unknownJob(job)
	}
	return s.command(r, actors.Command{Target: job, Body: body})
}

func (s *Server) run(r *http.Request) (any, error) {
	name := r.PathValue("action")
	switch {
	case name == "led_intensity":
		return s.light(r)
	case name == "od_blank":
		return s.blank(r)
	case name == "stop_dosing":
		return s.stopDosing(r)
	case !action.Is(name):
		return nil, &Error{Status: http.StatusNotFound, Code: "unknown_action",
			Reason: fmt.Sprintf("%.40q is not an action; there are %s, led_intensity, od_blank, stop_dosing", name, strings.Join(action.Names(), ", "))}
	}
	var body DoseRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	dose, err := action.Dose(name, body.options())
	if err != nil {
		return nil, unfit(err)
	}
	dose.Source = cmp.Or(dose.Source, origin(r).Mouth)
	cmd := actors.Command{Target: "vial", Body: dose}
	if body.ID != "" {
		cmd.ID = "http:" + name + ":" + body.ID
	}
	if body.Expires != nil {
		if now := s.sys.Clock().Now(); now.After(*body.Expires) {
			return nil, &Error{Status: http.StatusConflict, Code: "expired", Reason: name + ": came after its expiry, nothing was done"}
		}
		cmd.Deadline = *body.Expires
	}
	answer, err := s.command(r, cmd)
	if err == nil && dose.Continuously && cmd.ID != "" {
		_, err = s.command(r, actors.Command{Target: "vial", Body: actors.KeepDosing{ID: cmd.ID}})
	}
	return answer, err
}

// unfit is a request that an action cannot be made of.
func unfit(err error) error {
	var no *actors.Refusal
	if !errors.As(err, &no) {
		return err
	}
	if no.Code == "out_of_range" {
		return &Error{Status: http.StatusUnprocessableEntity, Code: no.Code, Reason: no.Reason}
	}
	return &Error{Status: http.StatusBadRequest, Code: no.Code, Reason: no.Reason}
}

// options are those of the body that were given.
func (d DoseRequest) options() map[string]any {
	all := map[string]any{}
	if d.ML != nil {
		all["ml"] = *d.ML
	}
	if d.DurationS != nil {
		all["duration"] = *d.DurationS
	}
	if d.Continuously {
		all["continuously"] = true
	}
	if d.Sequence != nil {
		list := make([]any, len(d.Sequence))
		for i, step := range d.Sequence {
			item := map[string]any{}
			for what, value := range step {
				item[what] = value
			}
			list[i] = item
		}
		all["sequence"] = list
	}
	if d.Source != "" {
		all["source_of_event"] = d.Source
	}
	return all
}

// stopDosing turns pumps off: all, or those of one action.
func (s *Server) stopDosing(r *http.Request) (any, error) {
	var body StopRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if body.Action != "" && !action.Is(body.Action) {
		return nil, invalid("unknown_action", "action: %.40q: want one of %s, or leave it out", body.Action, strings.Join(action.Names(), ", "))
	}
	return s.command(r, actors.Command{Target: "vial", Body: actors.StopDosing{Reason: "by " + origin(r).Mouth, Action: body.Action}})
}

// bottle takes note of what is in a bottle now.
func (s *Server) bottle(r *http.Request) (any, error) {
	var body BottleRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if body.ML == nil {
		return nil, invalid("invalid", "bottle: want ml, what is in it now")
	}
	return s.command(r, actors.Command{Target: "vial",
		Body: actors.SetBottle{Bottle: r.PathValue("bottle"), ML: *body.ML, SizeML: body.SizeML}})
}

func outOfRange(format string, args ...any) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Code: "out_of_range", Reason: fmt.Sprintf(format, args...)}
}

// light sets LEDs, all or none.
func (s *Server) light(r *http.Request) (any, error) {
	var body LEDRequest
	if err := read(r, &body); err != nil {
		return nil, err
	}
	for i, percent := range []*float64{body.A, body.B, body.C, body.D} {
		if percent != nil && !(*percent >= 0 && *percent <= 100) {
			return nil, outOfRange("%c: want 0 to 100 %%, got %v", 'A'+i, *percent)
		}
	}
	if body == (LEDRequest{}) {
		return nil, invalid("empty", `led_intensity: want at least one channel, such as {"A":10}`)
	}
	return s.command(r, actors.Command{Target: "leds",
		Body: actors.SetLEDs{A: body.A, B: body.B, C: body.C, D: body.D, Source: origin(r).Mouth}})
}
