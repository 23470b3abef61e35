package actorstest_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
	"github.com/pioactor/pioactor/actors/state"
	"github.com/pioactor/pioactor/hw"
)

// planted is a defect in one house.
type planted struct {
	actorstest.HouseOptions
	lossy func(actors.Fact) bool // what an observer does not hear
}

// altered makes a defect of one actor's messages; actor "" is all of them.
func altered(actor string, to func(msg any) []any) planted {
	return planted{HouseOptions: actorstest.HouseOptions{Interfere: func(_ *actorstest.House, name string, msg any) []any {
		if actor != "" && name != actor {
			return []any{msg}
		}
		return to(msg)
	}}}
}

// drop loses messages.
func drop(actor string, lost func(msg any) bool) planted {
	return altered(actor, func(msg any) []any {
		if lost(msg) {
			return nil
		}
		return []any{msg}
	})
}

// swap changes messages of one type.
func swap[T any](actor string, by func(T) T) planted {
	return altered(actor, func(msg any) []any {
		if m, ok := msg.(T); ok {
			msg = by(m)
		}
		return []any{msg}
	})
}

// command changes the commands whose body is a T.
func command[T any](actor string, by func(actors.Command, T) []any) planted {
	return altered(actor, func(msg any) []any {
		cmd, ok := msg.(actors.Command)
		if body, is := cmd.Body.(T); ok && is {
			return by(cmd, body)
		}
		return []any{msg}
	})
}

// late keeps back messages of one kind until the next message comes.
func late(actor string, kept func(msg any) bool) planted {
	var held []any
	return altered(actor, func(msg any) []any {
		if kept(msg) {
			held = append(held, msg)
			return nil
		}
		all := append([]any{msg}, held...)
		held = nil
		return all
	})
}

// disk plants a defect between the actors and the state.
func disk(wrap func(state.Store) state.Store) planted {
	return planted{HouseOptions: actorstest.HouseOptions{Disk: wrap}}
}

// named reports whether msg is of the private type called name.
func named(msg any, name string) bool { return strings.HasSuffix(fmt.Sprintf("%T", msg), "."+name) }

func is[T any](msg any) bool { _, ok := msg.(T); return ok }

// forgetful is a disk that says it saved and keeps only the first of a key.
type forgetful struct {
	state.Store
	key string
}

func (f forgetful) Save(key string, value []byte) error {
	if _, kept, _ := f.Load(key); kept && key == f.key {
		return nil
	}
	return f.Store.Save(key, value)
}

// lazy is a disk that says it saved, and writes when it is asked the next time.
type lazy struct {
	state.Store
	held map[string][]byte
}

func (l lazy) Save(key string, value []byte) error {
	if before, ok := l.held[key]; ok {
		if err := l.Store.Save(key, before); err != nil {
			return err
		}
	}
	l.held[key] = append([]byte(nil), value...)
	return nil
}

// silent is a disk that does not say that it is full.
type silent struct{ state.Store }

func (s silent) Save(key string, value []byte) error {
	_ = s.Store.Save(key, value) // the planted defect
	return nil
}

// picky does not write what unwanted finds.
type picky struct {
	state.Store
	unwanted func(key string, value []byte) bool
}

func (p picky) Save(key string, value []byte) error {
	if p.unwanted(key, value) {
		return nil
	}
	return p.Store.Save(key, value)
}

// stripped loses the named fields of what it loads, however deep they are.
type stripped struct {
	state.Store
	key   string
	names []string
}

func (s stripped) Load(key string) ([]byte, bool, error) {
	text, ok, err := s.Store.Load(key)
	if key != s.key || !ok || err != nil {
		return text, ok, err
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, false, err
	}
	s.strip(v)
	text, err = json.Marshal(v)
	return text, true, err
}

func (s stripped) strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.names {
			delete(v, name)
		}
		for _, x := range v {
			s.strip(x)
		}
	case []any:
		for _, x := range v {
			s.strip(x)
		}
	}
}

// sticky is a board whose pumps do not stop when they are halted.
type sticky struct{ hw.Board }

func (s sticky) Pump(role hw.PumpRole) (hw.Output, error) {
	out, err := s.Board.Pump(role)
	return stickyOutput{out}, err
}

type stickyOutput struct{ hw.Output }

func (stickyOutput) Halt() error { return nil }

// dim is a board whose LEDs B to D light up only once.
type dim struct{ hw.Board }

func (d dim) LED(channel string) (hw.Output, error) {
	out, err := d.Board.LED(channel)
	if channel == "A" {
		return out, err
	}
	return &dimOutput{Output: out}, err
}

type dimOutput struct {
	hw.Output
	lit bool
}

func (o *dimOutput) Set(percent float64) error {
	if o.lit {
		return o.Output.Halt()
	}
	o.lit = true
	return o.Output.Set(percent)
}

// redelivered delivers the first dose of all again in each later boot, as a
// retained message or a queue that outlived its sender would.
func redelivered(rename bool, o planted) planted {
	var first actors.Command
	told := map[string]bool{}
	o.Interfere = func(h *actorstest.House, to string, msg any) []any {
		c, ok := msg.(actors.Command)
		if !ok || to != "vial" {
			return []any{msg}
		}
		if first.ID == "" && is[actors.Dose](c.Body) && c.Origin.Mouth != "actor" && c.Deadline.IsZero() && c.Epoch == 0 {
			first = c
			told[h.System.Boot()] = true
		}
		if boot := h.System.Boot(); first.ID != "" && !told[boot] {
			told[boot] = true
			again := first
			if rename {
				again.ID = "stale-" + boot
			}
			return []any{again, msg}
		}
		return []any{msg}
	}
	return o
}
