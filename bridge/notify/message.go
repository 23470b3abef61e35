package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// Message is one thing to tell. Its JSON is the body for kind json, what a
// command reads, and what is kept while it waits.
type Message struct {
	Key        string    `json:"key"`   // the same in every try: drop what you have seen
	Event      string    `json:"event"` // "raised", "cleared", "test"
	Unit       string    `json:"unit"`
	Experiment string    `json:"experiment"`
	Alarm      string    `json:"alarm"`
	Priority   string    `json:"priority"`
	Text       string    `json:"text"`
	Action     string    `json:"action,omitempty"`
	Since      time.Time `json:"since"`
	At         time.Time `json:"at"`
	Times      int       `json:"times"`             // more than 1: it came and went while nobody could be reached
	Dropped    int       `json:"dropped,omitempty"` // messages before this one that there was no room for
}

// The events.
const (
	raised  = "raised"
	cleared = "cleared"
	test    = "test"
)

var urgency = map[string]int{"low": 1, "medium": 2, "high": 3}

func newMessage(event string, a actors.Alarm, at time.Time) Message {
	return Message{
		Key:   keyOf(event, a.Unit, a.Name, a.Since),
		Event: event, Unit: a.Unit, Experiment: a.Experiment, Alarm: a.Name, Priority: a.Priority, Text: a.Text,
		Action: a.Action, Since: a.Since, At: at, Times: 1,
	}
}

// keyOf is the same for one raise or its end over all tries and restarts.
func keyOf(event, unit, alarm string, since time.Time) string {
	return fmt.Sprintf("%s/%s/%d/%s", unit, alarm, since.UnixMilli(), event)
}

func (m Message) title() string {
	what := m.Alarm
	switch {
	case m.Event == cleared:
		what += " is over"
	case m.Times > 1:
		what += fmt.Sprintf(" (%d times)", m.Times)
	}
	return m.Unit + ": " + what
}

func (m Message) lines() string {
	text := m.Text
	if m.Action != "" && m.Event == raised {
		text += "\naction: " + m.Action
	}
	text += "\nsince " + m.Since.UTC().Format("2006-01-02 15:04:05 UTC")
	if m.Dropped > 0 {
		text += fmt.Sprintf("\n%d messages before this one were dropped", m.Dropped)
	}
	return text
}

// body is the message as target kind wants it, with the headers that go along.
func (m Message) body(kind string) (body []byte, headers http.Header, err error) {
	headers = http.Header{"Idempotency-Key": {m.Key}, "Content-Type": {"application/json"}, "User-Agent": {"pioactor"}}
	switch kind {
	case ntfy:
		headers.Set("Content-Type", "text/plain; charset=utf-8")
		headers.Set("Title", mime.QEncoding.Encode("utf-8", m.title()))
		headers.Set("Priority", m.ntfyPriority())
		headers.Set("Tags", m.ntfyTag())
		return []byte(m.lines()), headers, nil
	case slack:
		body, err = json.Marshal(map[string]string{"text": slackText.Replace("*" + m.title() + "* (" + m.Priority + ")\n" + m.lines())})
		return body, headers, err
	}
	body, err = json.Marshal(m)
	return body, headers, err
}

// slackText keeps what is no markup from being some.
// Source: Slack's "Formatting text for app surfaces", escaping text.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// ntfyPriority is 1 to 5; 5 rings through the night. Source: ntfy's "Publishing".
func (m Message) ntfyPriority() string {
	if m.Event == cleared {
		return "2"
	}
	return cmp.Or(map[string]string{"low": "2", "medium": "3", "high": "5"}[m.Priority], "3")
}

func (m Message) ntfyTag() string {
	return map[string]string{raised: "rotating_light", cleared: "white_check_mark", test: "bell"}[m.Event]
}
