package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pioactor/pioactor/actors"
)

// Event is the data of one event of GET /api/events: a fact and the name of its
// type, such as "od_reading/1".
type Event struct {
	Type string      `json:"type"`
	Fact actors.Fact `json:"fact"`
}

// Gap is the data of an event called "gap": facts that this stream missed.
type Gap struct {
	Missed uint64 `json:"missed"`
}

// events streams facts from now on, or from Last-Event-ID. ?type= picks types,
// by full name or without its version, repeated or joined by commas.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	next := s.recent.after(r.Header.Get("Last-Event-ID"))
	wants, err := filterOf(r.URL.Query()["type"])
	if err != nil {
		reply(w, nil, err)
		return
	}
	out, failed := newStream(w)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for failed == nil {
		facts, first, missed, news := s.recent.since(next)
		next = first + uint64(len(facts))
		if failed = s.sendFacts(out, facts, first, missed, wants); failed != nil {
			return
		}
		select {
		case <-news:
		case <-tick.C:
			failed = out.comment("beat")
		case <-r.Context().Done():
			return
		case <-s.quit.Done():
			return
		}
	}
}

func (s *Server) sendFacts(out *stream, facts []actors.Fact, first, missed uint64, wants func(string) bool) error {
	if missed > 0 {
		if err := out.event("", "gap", Gap{missed}); err != nil {
			return err
		}
	}
	for i, f := range facts {
		name, ok := actors.MessageName(f)
		if !ok || !wants(name) {
			continue // private messages of the house stay in it
		}
		if err := out.event(s.recent.id(first+uint64(i)), name, Event{name, f}); err != nil {
			return err
		}
	}
	return nil
}

// filterOf reads the types somebody wants; none is all.
func filterOf(queries []string) (func(name string) bool, error) {
	var types []string
	for _, q := range queries {
		types = append(types, strings.Split(q, ",")...)
	}
	if len(types) > 100 {
		return nil, invalid("too_long", "type: want at most 100 types")
	}
	return func(name string) bool {
		short, _, _ := strings.Cut(name, "/")
		return len(types) == 0 || slices.Contains(types, name) || slices.Contains(types, short)
	}, nil
}

// logs answers with the last ?n= lines, 100 without it.
func (s *Server) logs(r *http.Request) (any, error) {
	n := 100
	if text := r.URL.Query().Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 0 || n > keptLogs {
			return nil, invalid("out_of_range", "n: want 0 to %d, got %.20q", keptLogs, text)
		}
	}
	return s.recent.tail(n), nil
}

var levels = []string{"debug", "info", "notice", "warning", "error"}

// maxNote is the longest note, in bytes.
const maxNote = 4096

// note writes a person's line into the log.
func (s *Server) note(r *http.Request) (any, error) {
	body := NoteRequest{Level: "info", Task: "note"}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(body.Text) == "" || len(body.Text) > maxNote || !utf8.ValidString(body.Text):
		return nil, invalid("invalid", "text: want 1 to %d bytes of text", maxNote)
	case !slices.Contains(levels, body.Level):
		return nil, invalid("not_one_of", "level: want one of %s, got %.20q", strings.Join(levels, ", "), body.Level)
	case body.Task == "" || len(body.Task) > 64 || strings.ContainsFunc(body.Task, func(r rune) bool { return r < ' ' }):
		return nil, invalid("invalid", "task: want 1 to 64 printable bytes")
	}
	experiment := ""
	if s.o.Experiment != nil {
		experiment = s.o.Experiment()
	}
	line := actors.Log{Task: body.Task, Level: body.Level, Source: "ui", Message: body.Text}
	s.sys.Publish(experiment, line)
	return Answer{OK: true}, nil
}
