package wire

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxCommand is the longest /set payload, in bytes: a profile's JSON fits.
const MaxCommand = 4 << 10

// Refusals of [ParseCommand].
var (
	ErrTooLong = errors.New("wire: command is too long")
	ErrNotText = errors.New("wire: command is not UTF-8 text")
	ErrControl = errors.New("wire: command holds a control character")
)

// ParseCommand returns the trimmed text of a /set payload, or why it is refused.
// An empty text is returned as such: only the setting knows whether it may be.
func ParseCommand(payload []byte) (string, error) {
	if len(payload) > MaxCommand {
		return "", fmt.Errorf("%w: %d bytes, limit %d", ErrTooLong, len(payload), MaxCommand)
	}
	if !utf8.Valid(payload) {
		return "", ErrNotText
	}
	text := strings.TrimSpace(string(payload))
	if at := strings.IndexFunc(text, unicode.IsControl); at >= 0 {
		return "", fmt.Errorf("%w: %q", ErrControl, text[at:at+1])
	}
	return text, nil
}

// State is a job's $state.
type State string

// The states of a job. Lost is said by the broker, as a will.
const (
	Init         State = "init"
	Ready        State = "ready"
	Sleeping     State = "sleeping"
	Disconnected State = "disconnected"
	Lost         State = "lost"
)

// ParseState reads a state; case matters, as in Pioreactor.
func ParseState(text string) (State, error) {
	switch s := State(text); s {
	case Init, Ready, Sleeping, Disconnected, Lost:
		return s, nil
	}
	return "", fmt.Errorf("wire: %.40q is not a state: want init, ready, sleeping, disconnected or lost", text)
}
