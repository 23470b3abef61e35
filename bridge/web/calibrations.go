package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/calibration"
)

// shelfRoutes is the API of one shelf. An import's body is the YAML file itself:
//
//	curl --unix-socket … --data-binary @od90.yaml http://node/api/calibrations/od90
func (s *Server) shelfRoutes(shelf string) map[string]func(*http.Request) (any, error) {
	at := "/api/" + shelf
	body := func(of func(r *http.Request) any) func(*http.Request) (any, error) {
		return func(r *http.Request) (any, error) {
			if err := read(r, &struct{}{}); err != nil {
				return nil, err
			}
			return s.calibrations(r, of(r))
		}
	}
	device := func(r *http.Request) string { return r.PathValue("device") }
	name := func(r *http.Request) string { return r.PathValue("name") }
	return map[string]func(*http.Request) (any, error){
		"GET " + at: body(func(r *http.Request) any {
			return actors.ListCalibrations{Shelf: shelf}
		}),
		"GET " + at + "/{device}": body(func(r *http.Request) any {
			return actors.ListCalibrations{Shelf: shelf, Device: device(r)}
		}),
		"GET " + at + "/{device}/{name}": body(func(r *http.Request) any {
			return actors.ShowCalibration{Shelf: shelf, Device: device(r), Name: name(r)}
		}),
		"POST " + at + "/{device}": func(r *http.Request) (any, error) {
			text, err := io.ReadAll(r.Body) // bounded by bodyLimit
			if err != nil {
				return nil, invalid("bad_body", "body: %.200v", err)
			}
			return s.calibrations(r, actors.ImportCalibration{Shelf: shelf, Device: device(r), YAML: string(text)})
		},
		"POST " + at + "/{device}/{name}/use": body(func(r *http.Request) any {
			return actors.UseCalibration{Shelf: shelf, Device: device(r), Name: name(r)}
		}),
		"POST " + at + "/{device}/unuse": body(func(r *http.Request) any {
			return actors.UnuseCalibration{Shelf: shelf, Device: device(r)}
		}),
		"DELETE " + at + "/{device}/{name}": body(func(r *http.Request) any {
			return actors.DeleteCalibration{Shelf: shelf, Device: device(r), Name: name(r)}
		}),
	}
}

// calibrations asks their keeper; the answer is the value alone.
func (s *Server) calibrations(r *http.Request, body any) (any, error) {
	return s.value(r, actors.Command{Target: "calibrations", Body: body})
}

func (s *Server) value(r *http.Request, cmd actors.Command) (any, error) {
	answer, err := s.command(r, cmd)
	if a, ok := answer.(Answer); ok && a.Value != nil {
		return a.Value, err
	}
	return answer, err
}

// bodyLimit is the most bytes a request's body may have: more only for the
// import of a file.
func bodyLimit(r *http.Request) int64 {
	parts := strings.Split(r.URL.Path, "/") // "", "api", shelf, device
	if r.Method == http.MethodPost && len(parts) == 4 && (parts[2] == actors.Calibrations || parts[2] == actors.Estimators) {
		return calibration.MaxBytes
	}
	return maxBody
}

// ProcedureRequest is the body of POST /api/procedure/start, answer, undo, redo
// and stop. Start wants Device, and may have Use; the others want the ID and all
// but stop the Turn of the Procedure they are about.
type ProcedureRequest struct {
	Device string `json:"device,omitempty"`
	Use    bool   `json:"use,omitempty"`
	ID     string `json:"id,omitempty"`
	Turn   int    `json:"turn,omitempty"`
	Value  string `json:"value,omitempty"`
}

// procedure is the answer to GET /api/procedure; without an ID there was none.
func (s *Server) procedure(*http.Request) (any, error) {
	last, _ := actors.LatestOf[actors.Procedure](s.sys, "")
	return last, nil
}

func (s *Server) steer(r *http.Request) (any, error) {
	var b ProcedureRequest
	if err := read(r, &b); err != nil {
		return nil, err
	}
	var body any
	switch verb := r.PathValue("verb"); verb {
	case "start":
		body = actors.StartProcedure{Device: b.Device, Use: b.Use}
	case "answer":
		body = actors.AnswerProcedure{ID: b.ID, Turn: b.Turn, Value: b.Value}
	case "undo":
		body = actors.UndoProcedure{ID: b.ID, Turn: b.Turn}
	case "redo":
		body = actors.RedoProcedure{ID: b.ID, Turn: b.Turn}
	case "stop":
		body = actors.StopProcedure{ID: b.ID}
	default:
		return nil, &Error{Status: http.StatusNotFound, Code: "unknown_action",
			Reason: fmt.Sprintf("%.40q is not an action; there are answer, redo, start, stop, undo", verb)}
	}
	return s.value(r, actors.Command{Target: "procedure", Body: body})
}

// file is a request's body that is sent as it is.
type file []byte

// Shelf is the calibrations or the estimators of a node.
type Shelf struct {
	client *Client
	name   string
}

// Shelf is the shelf called actors.Calibrations or actors.Estimators.
func (c *Client) Shelf(name string) Shelf { return Shelf{c, name} }

func (s Shelf) at(parts ...string) string {
	path := "/api/" + s.name
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// List is every file, or with a device every file of it.
func (s Shelf) List(ctx context.Context, device string) ([]actors.CalibrationFile, error) {
	path := s.at()
	if device != "" {
		path = s.at(device)
	}
	return call[[]actors.CalibrationFile](ctx, s.client, http.MethodGet, path, nil)
}

// Show is one file with its text.
func (s Shelf) Show(ctx context.Context, device, name string) (actors.CalibrationFile, error) {
	return call[actors.CalibrationFile](ctx, s.client, http.MethodGet, s.at(device, name), nil)
}

// Import adds a file.
func (s Shelf) Import(ctx context.Context, device string, yaml []byte) (actors.CalibrationFile, error) {
	return call[actors.CalibrationFile](ctx, s.client, http.MethodPost, s.at(device), file(yaml))
}

// Use makes a file the active one.
func (s Shelf) Use(ctx context.Context, device, name string) (actors.CalibrationFile, error) {
	return call[actors.CalibrationFile](ctx, s.client, http.MethodPost, s.at(device, name, "use"), struct{}{})
}

// Unuse leaves a device without an active file.
func (s Shelf) Unuse(ctx context.Context, device string) (Answer, error) {
	return call[Answer](ctx, s.client, http.MethodPost, s.at(device, "unuse"), struct{}{})
}

// Delete removes a file.
func (s Shelf) Delete(ctx context.Context, device, name string) (Answer, error) {
	return call[Answer](ctx, s.client, http.MethodDelete, s.at(device, name), nil)
}

// Procedure is where the guided calibration stands.
func (c *Client) Procedure(ctx context.Context) (actors.Procedure, error) {
	return call[actors.Procedure](ctx, c, http.MethodGet, "/api/procedure", nil)
}

// Steer is start, answer, undo, redo or stop.
func (c *Client) Steer(ctx context.Context, verb string, r ProcedureRequest) (actors.Procedure, error) {
	return call[actors.Procedure](ctx, c, http.MethodPost, "/api/procedure/"+verb, r)
}
