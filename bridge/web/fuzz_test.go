package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func FuzzRequests(f *testing.F) {
	for _, seed := range []struct{ method, path, body string }{
		{"GET", "/api/status", ""}, {"GET", "/api/jobs/stirring", ""}, {"GET", "/api/logs?n=5", ""},
		{"POST", "/api/jobs/stirring/start", `{"options":{"target_rpm":400}}`},
		{"POST", "/api/jobs/stirring/set", `{"values":{"target_rpm":1e400}}`},
		{"POST", "/api/jobs/stirring/set", `{"values":{"$state":"ready"}}`},
		{"POST", "/api/run/add_media", `{"ml":1,"id":"x","expires":"2020-01-01T00:00:00Z"}`},
		{"POST", "/api/run/led_intensity", `{"A":50}`}, {"POST", "/api/alarms/pump_dry/ack", ""},
		{"POST", "/api/logs", `{"text":"hello"}`}, {"DELETE", "/api/jobs/x", ""}, {"GET", "/../etc", "\x00"},
	} {
		f.Add(seed.method, seed.path, seed.body)
	}
	s, _ := serve(f)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if method == "" || !token(method) || !strings.HasPrefix(path, "/") {
			return // net/http does not let these through
		}
		if strings.HasPrefix(path, "/api/events") || strings.HasPrefix(path, "/api/mqtt") {
			return // streams have no end
		}
		w := ask(s, method, path, body)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%s %q %q: 500: %s", method, path, body, w.Body)
		}
		if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q %q: not JSON: %s", method, path, body, w.Body)
		}
	})
}

func token(s string) bool {
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return true
}
