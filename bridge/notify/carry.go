package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Carrier takes one message to one target and returns what it answered. It may
// take its time and is called from any goroutine. What it returns must not
// hold addresses or credentials.
type Carrier interface {
	Carry(t Target, m Message) (answer string, err error)
}

// Bounds of one try.
const (
	tryTime   = 15 * time.Second
	maxAnswer = 4 << 10 // bytes
	shown     = 200     // bytes of an answer that people see
)

// world is the real carrier: HTTP and programs.
type world struct{ http *http.Client }

// World returns the carrier that reaches the real world. It follows no redirect:
// a message, and the credentials with it, goes where the config says and nowhere
// else.
func World() Carrier {
	return world{&http.Client{
		Timeout:       tryTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
		},
	}}
}

// Carry implements Carrier.
func (w world) Carry(t Target, m Message) (string, error) {
	if t.Kind == command {
		return run(tryTime, t.Command, m)
	}
	return w.post(t, m)
}

func (w world) post(t Target, m Message) (string, error) {
	body, headers, err := m.body(t.Kind)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequest(http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the address cannot be used")
	}
	request.Header = headers
	for name, values := range t.headers {
		request.Header[name] = values
	}
	response, err := w.http.Do(request)
	if err != nil {
		return "", bare(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // the status counts, not what is said besides
	answer := strings.TrimSpace(response.Status + " " + brief(text))
	switch code := response.StatusCode; {
	case code >= 300 && code < 400:
		return "", fmt.Errorf("%s: redirects are not followed; put the final address into the config", response.Status)
	case code < 200 || code >= 300:
		return "", errors.New(answer)
	}
	return answer, nil
}

// bare is a transport's error without the address, which is often a secret.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// brief is the beginning of what was answered, on one line.
func brief(text []byte) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "?")), " ")
	if len(line) > shown {
		line = strings.ToValidUTF8(line[:shown], "") + "…"
	}
	return line
}

// run runs a program with the message on its input. It is killed after limit.
func run(limit time.Duration, argv []string, m Message) (string, error) {
	body, _, err := m.body(plain)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	program := exec.CommandContext(ctx, argv[0], argv[1:]...)
	program.WaitDelay = time.Second // for children that keep its output open
	program.Stdin = bytes.NewReader(body)
	program.Env = append(os.Environ(), "PIOACTOR_KEY="+m.Key, "PIOACTOR_EVENT="+m.Event, "PIOACTOR_UNIT="+m.Unit,
		"PIOACTOR_ALARM="+m.Alarm, "PIOACTOR_PRIORITY="+m.Priority, "PIOACTOR_TEXT="+strings.ReplaceAll(m.Text, "\x00", ""))
	said := &head{}
	program.Stdout, program.Stderr = said, said
	err = program.Run()
	switch answer := brief(said.text); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("took longer than %v and was killed", limit)
	case err != nil && answer != "":
		return "", fmt.Errorf("%w: %s", err, answer)
	default:
		return answer, err
	}
}

// head keeps the beginning of what is written to it.
type head struct{ text []byte }

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), maxAnswer-len(h.text))]...)
	return len(p), nil
}

var _ Carrier = world{}
