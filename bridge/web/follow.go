package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// Received is one event of a stream.
type Received struct {
	ID   string
	Name string // the fact's type, "gap" or "message"
	Data json.RawMessage
}

// Fact decodes the fact of an event of Events.
func (r Received) Fact() (any, error) {
	var e struct {
		Type string          `json:"type"`
		Fact json.RawMessage `json:"fact"`
	}
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return nil, fmt.Errorf("web: event: %w", err)
	}
	return actors.Decode(e.Type, e.Fact)
}

// Events calls f with every fact of the given types (all without any) from now
// on, or from what follows lastID, until ctx ends or f returns an error, which
// comes back.
func (c *Client) Events(ctx context.Context, lastID string, types []string, f func(Received) error) error {
	return c.follow(ctx, "/api/events?"+url.Values{"type": types}.Encode(), lastID, f)
}

// MQTT calls f with every MQTT message under filter.
func (c *Client) MQTT(ctx context.Context, filter string, f func(MQTTMessage) error) error {
	return c.follow(ctx, "/api/mqtt?"+url.Values{"topic": {filter}}.Encode(), "", func(r Received) error {
		if r.Name != "message" {
			return nil
		}
		var m MQTTMessage
		if err := json.Unmarshal(r.Data, &m); err != nil {
			return fmt.Errorf("web: message: %w", err)
		}
		return f(m)
	})
}

func (c *Client) follow(ctx context.Context, path, lastID string, f func(Received) error) (err error) {
	response, err := c.send(ctx, http.MethodGet, path, nil, lastID)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	return scan(response.Body, f)
}

// maxEvent bounds one line of a stream, in bytes.
const maxEvent = 1 << 20

// scan reads server-sent events until the stream ends, which is no error: the
// node shut down.
func scan(stream io.Reader, f func(Received) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 4096), maxEvent)
	var r Received
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if r.Data != nil {
				if err := f(r); err != nil {
					return err
				}
			}
			r = Received{}
		case field == "id":
			r.ID = value
		case field == "event":
			r.Name = value
		case field == "data":
			r.Data = append(r.Data, value...)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("web: stream: %w", err)
	}
	return nil
}
