package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/bench"
)

// maxAnswer bounds what a client reads of one answer, in bytes.
const maxAnswer = 8 << 20

// Client talks to a node through its socket. Its methods may be called from
// any goroutine; what the unit did not do comes back as an *Error.
type Client struct {
	http *http.Client
}

// ErrNoNode is returned when nobody answers on the socket; start one with
// `pioactor up`.
var ErrNoNode = errors.New("no node is running here; start one with `pioactor up`")

// ErrNoAnswer is returned when the node ended before it answered.
var ErrNoAnswer = errors.New("the node ended before it answered, so what was asked may be done or not; look with `pioactor status`")

// Dial returns a client of the node that listens on socket, and checks that
// there is one.
func Dial(socket string) (*Client, error) {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	open := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socket)
	}
	conn, err := open(context.Background(), "", "")
	if err != nil {
		return nil, fmt.Errorf("web: %s: %w: %w", socket, ErrNoNode, err)
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("web: %s: %w", socket, err)
	}
	return &Client{&http.Client{Transport: &http.Transport{DialContext: open}}}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks for the overview.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, http.MethodGet, "/api/status", nil)
}

// Jobs lists the jobs that run or ran.
func (c *Client) Jobs(ctx context.Context) ([]Job, error) {
	return call[[]Job](ctx, c, http.MethodGet, "/api/jobs", nil)
}

// Job describes one job, running or not.
func (c *Client) Job(ctx context.Context, name string) (JobInfo, error) {
	return call[JobInfo](ctx, c, http.MethodGet, "/api/jobs/"+url.PathEscape(name), nil)
}

// Start starts a job and returns when it is ready, or with why it is not.
func (c *Client) Start(ctx context.Context, job string, options map[string]any) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/jobs/"+url.PathEscape(job)+"/start", StartRequest{options})
}

// Stop stops a job.
func (c *Client) Stop(ctx context.Context, job string) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/jobs/"+url.PathEscape(job)+"/stop", struct{}{})
}

// Set changes settings, all or none; "$state" alone changes the state.
func (c *Client) Set(ctx context.Context, job string, values map[string]any) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/jobs/"+url.PathEscape(job)+"/set", SetRequest{values})
}

// Dose runs an action of pumps, such as add_media.
func (c *Client) Dose(ctx context.Context, action string, d DoseRequest) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/run/"+url.PathEscape(action), d)
}

// Vial is what is known of the vial.
func (c *Client) Vial(ctx context.Context) (VialInfo, error) {
	return call[VialInfo](ctx, c, http.MethodGet, "/api/vial", nil)
}

// AtVial tells what a person did at the vial, or is about to.
func (c *Client) AtVial(ctx context.Context, verb string, r bench.Request) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/vial/"+url.PathEscape(verb), r)
}

// MeasureBlank starts od_blank and returns once it reads.
func (c *Client) MeasureBlank(ctx context.Context, b BlankRequest) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/run/od_blank", b)
}

// StopDosing turns pumps off: all, or those of one action.
func (c *Client) StopDosing(ctx context.Context, action string) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/run/stop_dosing", StopRequest{action})
}

// SetBottle tells what is in a bottle now.
func (c *Client) SetBottle(ctx context.Context, bottle string, b BottleRequest) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/bottles/"+url.PathEscape(bottle), b)
}

// Light sets LEDs.
func (c *Client) Light(ctx context.Context, l LEDRequest) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/run/led_intensity", l)
}

// Logs returns the last n lines, oldest first.
func (c *Client) Logs(ctx context.Context, n int) ([]actors.Log, error) {
	return call[[]actors.Log](ctx, c, http.MethodGet, "/api/logs?n="+strconv.Itoa(n), nil)
}

// Note writes a line into the log.
func (c *Client) Note(ctx context.Context, n NoteRequest) error {
	if n.Level == "" {
		n.Level = "info"
	}
	if n.Task == "" {
		n.Task = "note"
	}
	_, err := call[Answer](ctx, c, http.MethodPost, "/api/logs", n)
	return err
}

// Alarms lists the active alarms.
func (c *Client) Alarms(ctx context.Context) ([]actors.Alarm, error) {
	return call[[]actors.Alarm](ctx, c, http.MethodGet, "/api/alarms", nil)
}

// Acknowledge takes note of an alarm.
func (c *Client) Acknowledge(ctx context.Context, alarm string) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/alarms/"+url.PathEscape(alarm)+"/ack", struct{}{})
}

// Identify has the unit blink its status LED.
func (c *Client) Identify(ctx context.Context) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/identify", struct{}{})
}

// SelfTest asks what the last self-test found.
func (c *Client) SelfTest(ctx context.Context) (SelfTest, error) {
	return call[SelfTest](ctx, c, http.MethodGet, "/api/self_test", nil)
}

// AcknowledgeAll takes note of every alarm.
func (c *Client) AcknowledgeAll(ctx context.Context) (Answer, error) {
	return call[Answer](ctx, c, http.MethodPost, "/api/alarms/ack", struct{}{})
}

// TestDelivery sends a test to one target of alarms, or with none named to all.
func (c *Client) TestDelivery(ctx context.Context, target string) ([]actors.Delivery, error) {
	return call[[]actors.Delivery](ctx, c, http.MethodPost, "/api/alarms/test", actors.TestDelivery{Target: target})
}

// Version asks what is running.
func (c *Client) Version(ctx context.Context) (Version, error) {
	return call[Version](ctx, c, http.MethodGet, "/api/version", nil)
}

func call[T any](ctx context.Context, c *Client, method, path string, body any) (answer T, err error) {
	response, err := c.send(ctx, method, path, body, "")
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	if err != nil {
		return answer, fmt.Errorf("web: %s: answer: %w", path, err)
	}
	return answer, nil
}

// send makes a request; an answer other than 200 becomes an *Error.
func (c *Client) send(ctx context.Context, method, path string, body any, lastID string) (*http.Response, error) {
	var content io.Reader
	switch body := body.(type) {
	case nil:
	case file:
		content = bytes.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("web: %s: request: %w", path, err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://node"+path, content)
	if err != nil {
		return nil, fmt.Errorf("web: %s: %w", path, err)
	}
	request.Header.Set(mouthHeader, "cli")
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := c.http.Do(request)
	var at *net.OpError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, fmt.Errorf("web: %s: %w", path, err)
	case errors.As(err, &at) && at.Op == "dial":
		return nil, fmt.Errorf("web: %s: %w: %w", path, ErrNoNode, err)
	default:
		return nil, fmt.Errorf("web: %s: %w: %w", path, ErrNoAnswer, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	failed := &Error{Status: response.StatusCode}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(failed)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("web: %s: %s: %w", path, response.Status, err)
	}
	return nil, failed
}
