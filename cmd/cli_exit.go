package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

// The exit codes of every command.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3
)

// usageError is a call that cannot be understood, found by a command itself.
type usageError struct{ error }

// Unwrap gives the cause.
func (e *usageError) Unwrap() error { return e.error }

// usage marks err as a wrong call.
func usage(err error) error { return &usageError{err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// errSaid ends a command that has already told why it failed.
var errSaid = errors.New("failed")

// failure is why a command was not carried out.
type failure struct {
	Code   string `json:"code"` // a stable word for programs
	Reason string `json:"reason"`
	exit   int
	said   bool
}

// failure sorts an error of the command at path.
func (g *globals) failure(err error, path string) failure {
	var wrong *usageError
	var answer *web.Error
	var refusal *actors.Refusal
	switch {
	case !g.called || errors.As(err, &wrong):
		return failure{Code: "usage", Reason: usageText(err) + "; see `" + path + " --help`", exit: exitUsage}
	case errors.As(err, &answer) && answer.Refused():
		return failure{Code: answer.Code, Reason: answer.Reason, exit: exitRefused}
	case errors.As(err, &refusal):
		return failure{Code: refusal.Code, Reason: refusal.Reason, exit: exitRefused}
	case errors.As(err, &answer):
		return failure{Code: answer.Code, Reason: answer.Reason, exit: exitFailed}
	case errors.Is(err, web.ErrNoNode):
		return failure{Code: "no_node", Reason: err.Error(), exit: exitFailed}
	case errors.Is(err, web.ErrNoAnswer):
		return failure{Code: "no_answer", Reason: web.ErrNoAnswer.Error(), exit: exitFailed}
	}
	return failure{Code: "failed", Reason: err.Error(), exit: exitFailed, said: errors.Is(err, errSaid)}
}

// usageText makes one sentence of what the flag parser says.
func usageText(err error) string {
	text := strings.TrimSpace(err.Error())
	text, candidates, _ := strings.Cut(text, "\n\nDid you mean this?\n")
	if names := strings.Fields(candidates); len(names) > 0 {
		text += " (did you mean " + strings.Join(names, " or ") + "?)"
	}
	if _, after, ok := strings.Cut(text, "unknown shorthand flag: '"); ok && strings.ContainsAny(after[:1], "0123456789.") {
		text += "; put -- before a negative value"
	}
	return text
}

// report prints f unless the command did, and returns the exit code.
func (f failure) report(w io.Writer, asJSON bool) int {
	text := f.Reason
	if asJSON {
		body, err := json.Marshal(map[string]failure{"error": f})
		if err != nil {
			body = []byte(err.Error()) // never: two strings
		}
		text = string(body)
	}
	if !f.said {
		_, _ = fmt.Fprintln(w, text) // nobody is left to tell when this fails
	}
	return f.exit
}

// asksJSON looks for --json where flags could not be read.
func asksJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}
