package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var since = time.Date(2026, 5, 1, 3, 4, 5, 0, time.UTC)

func message() Message {
	return Message{Key: "pio1/hot/1/raised", Event: raised, Unit: "pio1", Experiment: "exp", Alarm: "hot", Priority: "high",
		Text: "41 °C <in> the vial & rising", Action: "pause", Since: since, At: since, Times: 1}
}

// heard is held while a server notes a request, and while a test that was hung
// up on looks at it.
var heard sync.Mutex

// server notes one request and answers it.
func server(t *testing.T, answer http.HandlerFunc) (url string, got *http.Request, body *string) {
	t.Helper()
	got, body = &http.Request{}, new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		heard.Lock()
		*got, *body = *r, string(text)
		heard.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/topic", got, body
}

func fine(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "thanks\n") }

func TestEachKindSpeaksItsLanguage(t *testing.T) {
	url, got, body := server(t, fine)
	for kind, want := range map[string]struct{ body, title string }{
		ntfy:  {"41 °C <in> the vial & rising\naction: pause\nsince 2026-05-01 03:04:05 UTC", "pio1: hot"},
		slack: {`{"text":"*pio1: hot* (high)\n41 °C &lt;in&gt; the vial &amp; rising\naction: pause\nsince 2026-05-01 03:04:05 UTC"}`, ""},
		plain: {`{"key":"pio1/hot/1/raised","event":"raised","unit":"pio1","experiment":"exp","alarm":"hot","priority":"high",` +
			`"text":"41 °C <in> the vial & rising","action":"pause","since":"2026-05-01T03:04:05Z","at":"2026-05-01T03:04:05Z","times":1}`, ""},
	} {
		answer, err := World().Carry(Target{Kind: kind, URL: url}, message())
		if err != nil || answer != "200 OK thanks" {
			t.Errorf("%s: answer %q, error %v", kind, answer, err)
		}
		if same := unescaped(t, kind, *body) == unescaped(t, kind, want.body); !same || got.Header.Get("Title") != want.title {
			t.Errorf("%s: title %q, body %s\nwant %s", kind, got.Header.Get("Title"), *body, want.body)
		}
		if got.Method != http.MethodPost || got.URL.Path != "/topic" || got.Header.Get("Idempotency-Key") != "pio1/hot/1/raised" {
			t.Errorf("%s: %s %s %v", kind, got.Method, got.URL, got.Header)
		}
	}
}

// unescaped is body without the two ways JSON may spell a character.
func unescaped(t *testing.T, kind, body string) string {
	t.Helper()
	if kind == ntfy {
		return body
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(v)
}

func TestNtfyRingsForWhatIsUrgent(t *testing.T) {
	url, got, _ := server(t, fine)
	for _, c := range []struct{ event, priority, want string }{
		{raised, "high", "5"}, {raised, "medium", "3"}, {raised, "low", "2"}, {cleared, "high", "2"},
	} {
		m := message()
		m.Event, m.Priority, m.Unit = c.event, c.priority, "pió1"
		if _, err := World().Carry(Target{Kind: ntfy, URL: url}, m); err != nil {
			t.Fatal(err)
		}
		if p, title := got.Header.Get("Priority"), got.Header.Get("Title"); p != c.want || !strings.HasPrefix(title, "=?utf-8?q?pi=C3=B31:_hot") {
			t.Errorf("%s %s: priority %s, title %s", c.event, c.priority, p, title)
		}
	}
}

func TestCredentialsComeFromTheirFile(t *testing.T) {
	url, got, _ := server(t, fine)
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("# of the lab\n\nauthorization: Bearer s3cret:x\nX-Lab: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := DefaultTarget()
	target.URL, target.HeadersFile = url, file
	all, err := Config{Deliver: map[string]Target{"a": target}}.targets()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := World().Carry(all["a"], message()); err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("Authorization") != "Bearer s3cret:x" || got.Header.Get("X-Lab") != "a" {
		t.Errorf("headers: %v", got.Header)
	}
	if text := fmt.Sprintf("%+v", target); strings.Contains(text, "s3cret") {
		t.Errorf("the config shows the secret: %s", text)
	}
}

func TestWhatIsNotTakenIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"refused": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no\n such\ttopic", 404) }, "404 Not Found no such topic"},
		"broken":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "503 Service Unavailable"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "307 Temporary Redirect: redirects are not followed; put the final address into the config"},
		"endless": {endless, "500 Internal Server Error " + strings.Repeat("x", shown) + "…"},
		"hung up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			url, got, _ := server(t, c.answer)
			answer, err := World().Carry(Target{Kind: plain, URL: url}, message())
			if err == nil || err.Error() != c.want {
				t.Errorf("answer %q, error %v, want %s", answer, err, c.want)
			}
			heard.Lock()
			defer heard.Unlock()
			if got.URL.Path != "/topic" {
				t.Errorf("it went on to %s", got.URL)
			}
		})
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(500)
	for r.Context().Err() == nil {
		if _, err := w.Write([]byte(strings.Repeat("x", 1<<16))); err != nil {
			return
		}
	}
}

func TestErrorDoesNotShowTheAddress(t *testing.T) {
	_, err := World().Carry(Target{Kind: plain, URL: "http://127.0.0.1:1/s3cret"}, message())
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error: %v", err)
	}
}

// mute is a network that never answers.
type mute struct{}

func (mute) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestSilentServerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := World().(world)
		w.http.Transport = mute{}
		began := time.Now()
		if _, err := w.Carry(Target{Kind: plain, URL: "http://a"}, message()); err == nil || time.Since(began) != tryTime {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// TestMain lets the test binary be the program that alarms are handed to.
func TestMain(m *testing.M) {
	switch os.Getenv("NOTIFY_TEST") {
	case "tell":
		text, err := io.ReadAll(os.Stdin)
		fmt.Printf("%v %s %s %s %s", err, os.Getenv("PIOACTOR_EVENT"), os.Getenv("PIOACTOR_ALARM"), strings.Join(os.Args[1:], ","), text)
		os.Exit(0)
	case "fail":
		fmt.Fprintln(os.Stderr, "no siren fitted")
		os.Exit(3)
	case "flood":
		if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	case "hang":
		time.Sleep(time.Hour)
	}
	os.Exit(m.Run())
}

func TestCommandGetsTheAlarm(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_TEST", "tell")
	answer, err := World().Carry(Target{Kind: command, Command: []string{self, "a b", "$HOME;x"}}, message())
	if want := `<nil> raised hot a b,$HOME;x {"key":"pio1/hot/1/raised","event":"raised",`; err != nil || !strings.HasPrefix(answer, want) {
		t.Errorf("error %v, answer %s\nwant %s", err, answer, want)
	}
	t.Setenv("NOTIFY_TEST", "fail")
	if _, err := World().Carry(Target{Kind: command, Command: []string{self}}, message()); err == nil || err.Error() != "exit status 3: no siren fitted" {
		t.Errorf("error %v", err)
	}
	t.Setenv("NOTIFY_TEST", "flood")
	if answer, err := World().Carry(Target{Kind: command, Command: []string{self}}, message()); err != nil || len(answer) > shown+4 {
		t.Errorf("error %v, %d bytes of answer", err, len(answer))
	}
	t.Setenv("NOTIFY_TEST", "hang")
	if _, err := run(time.Millisecond, []string{self}, message()); err == nil || err.Error() != "took longer than 1ms and was killed" {
		t.Errorf("error %v", err)
	}
	if _, err := World().Carry(Target{Kind: command, Command: []string{self + "-not"}}, message()); err == nil {
		t.Error("a program that is not there took the alarm")
	}
}

func TestHeadersFileIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"Authorization":       "1: want Name: value",
		"A: b\nbad name: x":   "2: want Name: value",
		"A: b\x01c":           "1: want Name: value",
		": x":                 "1: want Name: value",
		"#a\n\nX-Y: \nZ: 1\n": "",
	} {
		file := filepath.Join(t.TempDir(), "headers")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readHeaders(file)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != "headers_file: "+file+":"+want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestHeadersFileIsAFile(t *testing.T) {
	if _, err := readHeaders("/dev/zero"); err == nil || err.Error() != "headers_file: /dev/zero is not a file" {
		t.Errorf("got %v", err)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("Authorization: Bearer x\n# no\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "headers")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		headers, err := readHeaders(file)
		if err != nil {
			return
		}
		r, err := http.NewRequest(http.MethodPost, "http://a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = headers
		if err := r.Write(io.Discard); err != nil {
			t.Errorf("accepted, and cannot be sent: %v", err)
		}
	})
}
