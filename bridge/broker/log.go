package broker

import (
	"context"
	"log/slog"
)

// quiet wraps log so that no packet is ever logged: the server attaches whole
// packets to some warnings, and a CONNECT packet holds a password.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(discreet{log.Handler()})
}

// discreet drops the attributes "pk" and "packet", and turns the server's
// routine announcements into debug records.
type discreet struct{ slog.Handler }

// Handle passes r on without packets.
func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	level := r.Level
	if level == slog.LevelInfo {
		level = slog.LevelDebug // "added hook", "attached listener"
	}
	if !d.Enabled(ctx, level) {
		return nil
	}
	clean := slog.NewRecord(r.Time, level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "pk" && a.Key != "packet" {
			clean.AddAttrs(a)
		}
		return true
	})
	return d.Handler.Handle(ctx, clean)
}

// WithAttrs keeps the wrapping.
func (d discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return discreet{d.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the wrapping.
func (d discreet) WithGroup(name string) slog.Handler { return discreet{d.Handler.WithGroup(name)} }
