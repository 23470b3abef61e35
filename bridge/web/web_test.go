package web

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/bridge/mqtt"
)

type paddle struct {
	TargetRPM float64 `toml:"target_rpm" unit:"RPM" min:"0" max:"5000" set:"yes" help:"speed to keep"`
	Mode      string  `toml:"mode" oneof:"slow|fast" set:"yes"`
	Duty      float64 `toml:"duty_cycle" set:"no"`
}

func (*paddle) Receive(*actors.Context, any) error { return nil }

func init() {
	actors.Register(actors.Own, "stirring", func() actors.Job { return &paddle{TargetRPM: 500, Mode: "slow"} })
}

// house stands for the experiment manager.
type house struct{}

func (house) Receive(c *actors.Context, msg any) error {
	cmd, ok := msg.(actors.Command)
	if !ok {
		return nil
	}
	start := cmd.Body.(actors.StartJob)
	r, err := actors.Lookup(start.Job, "")
	if err != nil {
		return err
	}
	spec := actors.Spec{Name: r.Slot(), Slot: r.Slot(), New: r.New, Options: start.Options, Experiment: "exp1"}
	if _, err := spec.Prepare(); err != nil {
		return err
	}
	return c.Spawn(spec)
}

// echo answers every command with its body and origin, and raises an alarm first.
type echo struct{}

func (echo) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		c.Raise("pump_dry", "high", "no step", true)
	case actors.Command:
		c.Reply(msg, map[string]any{"body": msg.Body, "mouth": msg.Origin.Mouth, "who": msg.Origin.Who})
	}
	return nil
}

// wire is a broker with two messages.
type wire struct{}

func (wire) Broker() (string, bool) { return "tcp://127.0.0.1:1883", true }

func (wire) Listen(filter string, hear func(mqtt.Message)) (func(), error) {
	if filter == "bad/#/filter" {
		return nil, errors.New("mqtt: filter is not valid")
	}
	hear(mqtt.Message{Topic: "a/b", Payload: []byte("text"), Retained: true, QoS: 2})
	hear(mqtt.Message{Topic: "a/c", Payload: []byte{0xff}})
	return func() {}, nil
}

func newSystem(t testing.TB) *actors.System {
	t.Helper()
	sys, err := actors.NewSystem(actors.Options{Unit: "unit1", Clock: clock.Live()})
	if err != nil {
		t.Fatal(err)
	}
	for name, job := range map[string]actors.Job{"experiment": house{}, "vial": echo{}, "leds": echo{}, "alarm": echo{}} {
		if err := sys.Start(actors.Spec{Name: name, New: func() actors.Job { return job }}); err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

func serve(t testing.TB) (*Server, *Client) {
	t.Helper()
	sys := newSystem(t)
	socket := filepath.Join(t.TempDir(), "s")
	s, err := Serve(Options{System: sys, Socket: socket, MQTT: wire{}, Version: "1.2.3", Experiment: func() string { return "exp1" }})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		if _, err := os.Lstat(socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left behind: %v", err)
		}
	})
	return s, c
}

func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestJobIsStartedSetAndStopped(t *testing.T) {
	_, c := serve(t)
	ctx := patient(t)
	if _, err := c.Start(ctx, "stirring", map[string]any{"target_rpm": 250}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, "target_rpm", 250.0)
	if _, err := c.Set(ctx, "stirring", map[string]any{"target_rpm": "300.5", "mode": "fast"}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, "target_rpm", 300.5)
	info, err := c.Job(ctx, "stirring")
	if err != nil || len(info.Schemas) != 1 || len(info.Schemas[0].Settings) != 3 {
		t.Fatalf("info %+v, %v", info, err)
	}
	rpm := info.Schemas[0].Settings[0]
	if rpm.Unit != "RPM" || rpm.Range != "0 to 5000 RPM" || rpm.Help != "speed to keep" || *rpm.Max != 5000 || rpm.Default != 500.0 || rpm.Value != 300.5 {
		t.Errorf("target_rpm is described as %+v", rpm)
	}
	if _, err := c.Set(ctx, "stirring", map[string]any{"$state": "sleeping"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Stop(ctx, "stirring"); err != nil {
		t.Fatal(err)
	}
	jobs, err := c.Jobs(ctx)
	if err != nil || len(jobs) != 1 || jobs[0].State != actors.Disconnected {
		t.Errorf("jobs after the stop: %+v, %v", jobs, err)
	}
}

// waitFor asks until a setting of stirring is shown as want; each question is a round trip.
func waitFor(t *testing.T, c *Client, name string, want any) {
	t.Helper()
	for range 1000 {
		st, err := c.Status(patient(t))
		if err != nil {
			t.Fatal(err)
		}
		if len(st.Jobs) == 1 && st.Jobs[0].Settings[name] == want {
			return
		}
	}
	t.Fatalf("%s never became %v", name, want)
}

func TestStatusIsComplete(t *testing.T) {
	s, c := serve(t)
	s.sys.Publish("exp1", actors.Vial{VolumeML: 14})
	s.sys.Publish("exp1", actors.ODReadings{Readings: []actors.ODReading{{Channel: 2, Value: 0.5, Quality: actors.Quality{Grade: actors.Good}}}})
	st, err := c.Status(patient(t))
	if err != nil {
		t.Fatal(err)
	}
	if st.Unit != "unit1" || st.Experiment != "exp1" || st.Clock != "live" || st.Version != "1.2.3" || st.Broker == nil || !st.Broker.Connected {
		t.Errorf("status %+v", st)
	}
	if st.Vial == nil || st.Vial.VolumeML != 14 || st.OD == nil || len(st.OD.Readings) != 1 {
		t.Errorf("values %+v %+v", st.Vial, st.OD)
	}
}

func TestRefusalsHaveCodeAndStatus(t *testing.T) {
	s, c := serve(t)
	ctx := patient(t)
	if _, err := c.Start(ctx, "stirring", nil); err != nil {
		t.Fatal(err)
	}
	ml, big := 1.0, 1e9
	for name, row := range map[string]struct {
		call   func() error
		status int
		code   string
	}{
		"no such job":   {func() error { _, err := c.Start(ctx, "heating", nil); return err }, 404, "unknown_job"},
		"started twice": {func() error { _, err := c.Start(ctx, "stirring", nil); return err }, 409, "already_running"},
		"a device":      {func() error { _, err := c.Set(ctx, "vial", map[string]any{"x": 1}); return err }, 404, "unknown_job"},
		"out of range":  {func() error { _, err := c.Set(ctx, "stirring", map[string]any{"target_rpm": -1}); return err }, 422, "out_of_range"},
		"all or nothing": {func() error {
			_, err := c.Set(ctx, "stirring", map[string]any{"target_rpm": 7, "mode": "x"})
			return err
		}, 422, "not_one_of"},
		"unknown setting": {func() error { _, err := c.Set(ctx, "stirring", map[string]any{"what": 1}); return err }, 422, "unknown"},
		"nothing to set":  {func() error { _, err := c.Set(ctx, "stirring", nil); return err }, 400, "empty"},
		"wrong state":     {func() error { _, err := c.Set(ctx, "stirring", map[string]any{"$state": "lost"}); return err }, 422, "invalid_state"},
		"state and more":  {func() error { _, err := c.Set(ctx, "stirring", map[string]any{"$state": "ready", "x": 1}); return err }, 400, "invalid_state"},
		"no such action":  {func() error { _, err := c.Dose(ctx, "shake", DoseRequest{}); return err }, 404, "unknown_action"},
		"volume and time": {func() error { _, err := c.Dose(ctx, "add_media", DoseRequest{ML: &ml, DurationS: &ml}); return err }, 400, "invalid"},
		"neither":         {func() error { _, err := c.Dose(ctx, "add_media", DoseRequest{}); return err }, 400, "invalid"},
		"a flood":         {func() error { _, err := c.Dose(ctx, "add_media", DoseRequest{ML: &big}); return err }, 422, "out_of_range"},
		"too late": {func() error {
			_, err := c.Dose(ctx, "add_media", DoseRequest{ML: &ml, Expires: &time.Time{}})
			return err
		}, 409, "expired"},
		"too bright":      {func() error { _, err := c.Light(ctx, LEDRequest{A: &big}); return err }, 422, "out_of_range"},
		"no channel":      {func() error { _, err := c.Light(ctx, LEDRequest{}); return err }, 400, "empty"},
		"no such alarm":   {func() error { _, err := c.Acknowledge(ctx, "nothing"); return err }, 404, "unknown_alarm"},
		"empty note":      {func() error { return c.Note(ctx, NoteRequest{Text: " "}) }, 400, "invalid"},
		"bad level":       {func() error { return c.Note(ctx, NoteRequest{Text: "x", Level: "loud"}) }, 400, "not_one_of"},
		"too many lines":  {func() error { _, err := c.Logs(ctx, 1e6); return err }, 400, "out_of_range"},
		"odd job name":    {func() error { _, err := c.Job(ctx, "a/../b"); return err }, 404, "unknown_job"},
		"bad filter":      {func() error { return c.MQTT(ctx, "bad/#/filter", nil) }, 400, "invalid"},
		"a body too long": {func() error { return c.Note(ctx, NoteRequest{Text: strings.Repeat("x", maxBody)}) }, 400, "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			var e *Error
			if err := row.call(); !errors.As(err, &e) || e.Status != row.status || e.Code != row.code || e.Reason == "" || !e.Refused() {
				t.Errorf("got %+v, want %d %s", err, row.status, row.code)
			}
		})
	}
	if f, _ := actors.LatestOf[actors.SettingChanged](s.sys, "stirring/target_rpm"); f.Value != 500.0 {
		t.Errorf("target_rpm = %v after refusals only, want 500", f.Value)
	}
}

func TestUnknownFieldsAreRefused(t *testing.T) {
	s, _ := serve(t)
	for _, row := range []struct{ method, path, body string }{
		{"POST", "/api/run/add_media", `{"ml":1,"speed":2}`},
		{"POST", "/api/jobs/stirring/set", `{"values":{"a":1}} {}`},
		{"POST", "/api/jobs/stirring/stop", `{"now":true}`},
		{"POST", "/api/logs", `[1]`},
	} {
		if got := ask(s, row.method, row.path, row.body); got.Code != http.StatusBadRequest {
			t.Errorf("%s %s: %d, want 400", row.path, row.body, got.Code)
		}
	}
}

// ask is a request by the owner, without a socket.
func ask(s *Server, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://node/", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, r)
	return w
}

func TestActionsReachTheirActor(t *testing.T) {
	_, c := serve(t)
	ctx := patient(t)
	ml, seconds := 1.5, 2.5
	for action, want := range map[string]string{"add_media": `"media_ml":1.5`, "add_alt_media": `"alt_media_ml":1.5`, "remove_waste": `"waste_ml":1.5`} {
		answer, err := c.Dose(ctx, action, DoseRequest{ML: &ml, ID: "d-" + action})
		if text, _ := json.Marshal(answer); err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), `"mouth":"cli"`) {
			t.Errorf("%s: %s, %v; want %s", action, text, err, want)
		}
	}
	answer, err := c.Dose(ctx, "remove_waste", DoseRequest{DurationS: &seconds})
	if text, _ := json.Marshal(answer); err != nil || !strings.Contains(string(text), `"for":2500000000`) || !strings.Contains(string(text), `"pump":"waste"`) {
		t.Errorf("by time: %s, %v", text, err)
	}
	if _, err := c.Light(ctx, LEDRequest{A: &ml, D: &seconds}); err != nil {
		t.Error(err)
	}
}

func TestAlarmsAreListedAndAcknowledged(t *testing.T) {
	_, c := serve(t)
	ctx := patient(t)
	alarms, err := c.Alarms(ctx)
	if err != nil || len(alarms) != 1 || alarms[0].Name != "pump_dry" {
		t.Fatalf("alarms %+v, %v", alarms, err)
	}
	if _, err := c.Acknowledge(ctx, "pump_dry"); err != nil {
		t.Error(err)
	}
	if _, err := c.AcknowledgeAll(ctx); err != nil {
		t.Error(err)
	}
	if v, err := c.Version(ctx); err != nil || v.Version != "1.2.3" {
		t.Errorf("version %+v, %v", v, err)
	}
}

func TestEventsGoOnWhereTheyWereLeft(t *testing.T) {
	s, c := serve(t)
	ctx := patient(t)
	done := errors.New("enough")
	s.sys.Publish("exp1", actors.StirringRate{RPM: 100})
	if err := c.Note(ctx, NoteRequest{Text: "first"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Note(ctx, NoteRequest{Text: "second"}); err != nil {
		t.Fatal(err)
	}
	var id string
	err := c.Events(ctx, s.sys.Boot()+".0", []string{"log/1", "stirring_rate"}, func(r Received) error {
		f, err := r.Fact()
		if err != nil {
			return err
		}
		if line, ok := f.(actors.Log); ok && line.Message == "first" {
			id = r.ID
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}
	err = c.Events(ctx, id, []string{"log"}, func(r Received) error {
		f, err := r.Fact()
		if line, ok := f.(actors.Log); err != nil || !ok || line.Message != "second" || line.Source != "ui" {
			t.Errorf("after the first came %+v, %v; want the second", f, err)
		}
		return done
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}
	lines, err := c.Logs(ctx, 1)
	if err != nil || len(lines) != 1 || lines[0].Message != "second" {
		t.Errorf("the last line is %+v, %v", lines, err)
	}
}

func TestMissedFactsAreCounted(t *testing.T) {
	r := newRecent("b", 3, 2)
	r.add([]actors.Fact{actors.Log{Message: "1"}, actors.Log{Message: "2"}, actors.Log{Message: "3"}, actors.Log{Message: "4"}, actors.Log{Message: "5"}}, 0)
	facts, first, missed, _ := r.since(1)
	if len(facts) != 3 || first != 3 || missed != 2 {
		t.Errorf("%d facts from %d, %d missed; want 3 from 3, 2 missed", len(facts), first, missed)
	}
	r.add([]actors.Fact{actors.Log{Message: "10"}}, 4)
	if facts, first, missed, _ := r.since(6); len(facts) != 1 || first != 10 || missed != 4 {
		t.Errorf("%d facts from %d, %d missed; want 1 from 10, 4 missed", len(facts), first, missed)
	}
	for id, want := range map[string]uint64{"": 11, "b.10": 11, "b.7": 8, "b.99": 11, "a.7": 11, "b.x": 11} {
		if got := r.after(id); got != want {
			t.Errorf("after %q comes %d, want %d", id, got, want)
		}
	}
	if lines := r.tail(10); len(lines) != 2 || lines[1].Message != "10" {
		t.Errorf("kept lines %+v", lines)
	}
}

func TestMQTTIsStreamed(t *testing.T) {
	_, c := serve(t)
	done := errors.New("enough")
	var got []MQTTMessage
	err := c.MQTT(patient(t), "a/#", func(m MQTTMessage) error {
		if got = append(got, m); len(got) == 2 {
			return done
		}
		return nil
	})
	want := []MQTTMessage{{Topic: "a/b", Payload: "text", Retained: true, QoS: 2}, {Topic: "a/c", Payload: "/w==", Base64: true}}
	if !errors.Is(err, done) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("heard %+v, %v; want %+v", got, err, want)
	}
}

func TestCloseEndsStreams(t *testing.T) {
	sys := newSystem(t)
	socket := filepath.Join(t.TempDir(), "s")
	s, err := Serve(Options{System: sys, Socket: socket})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	ended, heard := make(chan error, 1), make(chan struct{}, 100)
	go func() {
		ended <- c.Events(context.Background(), sys.Boot()+".0", nil, func(Received) error { heard <- struct{}{}; return nil })
	}()
	sys.Log("", "test", "info", "hello")
	<-heard
	if err := s.Close(patient(t)); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the stream ended with %v", err)
	}
	if _, err := Dial(socket); !errors.Is(err, ErrNoNode) {
		t.Errorf("dial after close: %v, want ErrNoNode", err)
	}
}

func TestSocketIsPrivateAndReplacedWhenStale(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := listen(stale)
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	defer again.Close()
	if info, err := os.Lstat(stale); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := listen(stale); err == nil || !strings.Contains(err.Error(), "another node") {
		t.Errorf("a live socket: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", file, filepath.Join(dir, strings.Repeat("x", 120)), filepath.Join(dir, "no", "folder")} {
		if _, err := listen(path); err == nil {
			t.Errorf("listen on %q worked", path)
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	s, _ := serve(t)
	for name, p := range map[string]peer{"another user": {uid: os.Geteuid() + 1}, "unknown": {err: errors.New("no credentials")}} {
		r := httptest.NewRequest("GET", "/api/status", nil)
		w := httptest.NewRecorder()
		s.guarded(s.routes()).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey{}, p)))
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", name, w.Code)
		}
	}
	for _, p := range []peer{{uid: 0}, {uid: os.Geteuid()}} {
		if !p.admitted() {
			t.Errorf("uid %d is not admitted", p.uid)
		}
	}
}
