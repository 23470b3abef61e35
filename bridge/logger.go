package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pioactor/pioactor/actors"
)

// journal writes what the broker and the connection have to say into the
// unit's log.
type journal struct {
	sys   *actors.System
	attrs []slog.Attr
}

// Enabled implements slog.Handler; what happens all the time is left out.
func (journal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements slog.Handler.
func (j journal) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString("MQTT: " + r.Message)
	write := func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%.200v", a.Key, a.Value)
		return true
	}
	for _, a := range j.attrs {
		write(a)
	}
	r.Attrs(write)
	j.sys.Log("", "bridge", levelOf(r.Level), b.String())
	return nil
}

func levelOf(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warning"
	}
	return "debug"
}

// WithAttrs implements slog.Handler.
func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return journal{j.sys, append(append([]slog.Attr(nil), j.attrs...), attrs...)}
}

// WithGroup implements slog.Handler; groups are of no use in a line for people.
func (j journal) WithGroup(string) slog.Handler { return j }

var _ slog.Handler = journal{}
