package actors

import (
	"fmt"

	"github.com/rs/zerolog"

	"github.com/pioactor/pioactor/actors/setting"
)

// Logger writes lines for people: to the log, to MQTT, to the UI.
type Logger struct{ h *host }

// Log returns the job's logger.
func (c *Context) Log() Logger { return Logger{c.h} }

// Debug logs what only a developer wants.
func (l Logger) Debug(format string, args ...any) { l.h.sys.logf(l.h, "debug", format, args...) }

// Info logs what happened.
func (l Logger) Info(format string, args ...any) { l.h.sys.logf(l.h, "info", format, args...) }

// Notice logs what a person should see once.
func (l Logger) Notice(format string, args ...any) { l.h.sys.logf(l.h, "notice", format, args...) }

// Warning logs what may need a person.
func (l Logger) Warning(format string, args ...any) { l.h.sys.logf(l.h, "warning", format, args...) }

// Error logs what went wrong.
func (l Logger) Error(format string, args ...any) { l.h.sys.logf(l.h, "error", format, args...) }

var zerologLevels = map[string]zerolog.Level{
	"debug": zerolog.DebugLevel, "info": zerolog.InfoLevel, "notice": zerolog.InfoLevel,
	"warning": zerolog.WarnLevel, "error": zerolog.ErrorLevel, "critical": zerolog.ErrorLevel,
}

func (s *System) logf(h *host, level, format string, args ...any) {
	s.Log(h.spec.Experiment, h.spec.Name, level, fmt.Sprintf(format, args...))
}

// Log writes one line on behalf of task, for somebody outside the actors.
func (s *System) Log(experiment, task, level, message string) {
	s.log.WithLevel(zerologLevels[level]).Time("time", s.clock.Now()).Str("unit", s.unit).Str("task", task).Str("level_name", level).Msg(message)
	s.publish(experiment, Log{Task: task, Level: level, Source: "app", Message: message})
}

func pair(name string, value any) []setting.Pair { return []setting.Pair{{Name: name, Value: value}} }
