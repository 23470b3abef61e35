package web

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/calibrate"
	"github.com/pioactor/pioactor/hw/calibration"
)

// rate is a pump's calibration.
const rate = `calibration_type: simple_peristaltic_pump
calibration_name: p1
calibrated_on_pioreactor_unit: unit1
created_at: 2026-01-31 12:05:00+00:00
curve_data_: {type: poly, coefficients: [0.1, 0.0]}
x: Duration
y: Volume
recorded_data: {x: [8.0, 11.0], y: [0.8, 1.1]}
hz: 250.0
dc: 100.0
voltage: -1.0
`

func shelves(t *testing.T) (*Server, *Client) {
	s, c := serve(t)
	for _, spec := range []actors.Spec{calibrate.Spec(calibrate.Config{}), calibrate.ProcedureSpec(calibrate.ProcedureConfig{})} {
		if err := s.sys.Start(spec); err != nil {
			t.Fatal(err)
		}
	}
	return s, c
}

// status is that of a refusal; 200 for none.
func status(err error) int {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	if err != nil {
		return 0
	}
	return http.StatusOK
}

func TestCalibrationsGoOverHTTP(t *testing.T) {
	_, c := shelves(t)
	ctx, shelf := patient(t), c.Shelf(actors.Calibrations)
	f, err := shelf.Import(ctx, "media_pump", []byte(rate))
	if want := (actors.Domain{Axis: "Duration", Low: 8, High: 11}); err != nil || f.Name != "p1" || f.Domain != want {
		t.Fatalf("imported %+v, %v", f, err)
	}
	used, err := shelf.Use(ctx, "media_pump", "p1")
	if err != nil || !used.Active {
		t.Errorf("used %+v, %v", used, err)
	}
	if all, err := shelf.List(ctx, ""); err != nil || len(all) != 1 || !all[0].Active {
		t.Errorf("listed %+v, %v", all, err)
	}
	if shown, err := shelf.Show(ctx, "media_pump", "p1"); err != nil || shown.YAML != rate {
		t.Errorf("shown %+v, %v", shown, err)
	}
	_, active := shelf.Delete(ctx, "media_pump", "p1")
	_, twice := shelf.Import(ctx, "media_pump", []byte(rate))
	_, ghost := shelf.Show(ctx, "media_pump", "ghost")
	_, broken := shelf.Import(ctx, "media_pump", []byte("hz: [1"))
	_, long := shelf.Import(ctx, "media_pump", bytes.Repeat([]byte("#"), calibration.MaxBytes+1))
	_, misfit := c.Shelf(actors.Estimators).Import(ctx, "media_pump", []byte(rate))
	for name, got := range map[string][2]int{
		"delete of the active": {status(active), 409}, "imported twice": {status(twice), 409}, "no such file": {status(ghost), 404},
		"broken": {status(broken), 422}, "too long": {status(long), 400}, "on the other shelf": {status(misfit), 422},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: status %d, want %d", name, got[0], got[1])
		}
	}
	if _, err := shelf.Unuse(ctx, "media_pump"); err != nil {
		t.Error(err)
	}
	if _, err := shelf.Delete(ctx, "media_pump", "p1"); err != nil {
		t.Error(err)
	}
}

func TestOnlyAnImportMayBeLong(t *testing.T) {
	for path, want := range map[string]int64{
		"POST /api/calibrations/od90": calibration.MaxBytes, "POST /api/estimators/od_fused": calibration.MaxBytes,
		"GET /api/calibrations/od90": maxBody, "POST /api/calibrations/od90/x/use": maxBody, "POST /api/calibrations": maxBody,
		"POST /api/logs": maxBody, "POST /x/y/calibrations/od90": maxBody,
	} {
		method, at, _ := strings.Cut(path, " ")
		r, err := http.NewRequest(method, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := bodyLimit(r); got != want {
			t.Errorf("%s: %d bytes, want %d", path, got, want)
		}
	}
}

func TestProcedureIsSteeredOverHTTP(t *testing.T) {
	_, c := shelves(t)
	ctx := patient(t)
	if p, err := c.Procedure(ctx); err != nil || p.ID != "" {
		t.Errorf("before the first %+v, %v", p, err)
	}
	_, unknown := c.Steer(ctx, "start", ProcedureRequest{Device: "heater"})
	_, verb := c.Steer(ctx, "sing", ProcedureRequest{})
	p, err := c.Steer(ctx, "start", ProcedureRequest{Device: "media_pump"})
	if err != nil || p.Field.Name != "target_ml" || p.State != actors.ProcedureAsks {
		t.Fatalf("started %+v, %v", p, err)
	}
	_, stale := c.Steer(ctx, "undo", ProcedureRequest{ID: p.ID, Turn: p.Turn + 1})
	_, other := c.Steer(ctx, "stop", ProcedureRequest{ID: "x"})
	if got := [4]int{status(unknown), status(verb), status(stale), status(other)}; got != [4]int{404, 404, 409, 404} {
		t.Errorf("statuses %v", got)
	}
	p, err = c.Steer(ctx, "answer", ProcedureRequest{ID: p.ID, Turn: p.Turn, Value: "0.5 1"})
	if err != nil || p.Field.Name != "prime_s" || !p.Undo {
		t.Errorf("answered %+v, %v", p, err)
	}
	p, err = c.Steer(ctx, "undo", ProcedureRequest{ID: p.ID, Turn: p.Turn})
	if err == nil {
		p, err = c.Steer(ctx, "redo", ProcedureRequest{ID: p.ID, Turn: p.Turn})
	}
	if err != nil || p.Field.Name != "prime_s" {
		t.Errorf("undone and redone %+v, %v", p, err)
	}
	if p, err = c.Steer(ctx, "stop", ProcedureRequest{ID: p.ID}); err != nil || p.State != actors.ProcedureEnded || !p.Failed {
		t.Errorf("stopped %+v, %v", p, err)
	}
}
