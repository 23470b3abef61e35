package web

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/pioactor/pioactor/actors"
)

// SelfTest is the answer to GET /api/self_test: the last one, or the one that runs.
type SelfTest struct {
	Test   *actors.SelfTest       `json:"test"`   // nil: none so far
	Checks []actors.SelfTestCheck `json:"checks"` // in the order they are done
}

func (s *Server) selfTest(*http.Request) (any, error) {
	answer := SelfTest{Checks: []actors.SelfTestCheck{}}
	for _, f := range s.sys.Retained() {
		switch f := f.(type) {
		case actors.SelfTest:
			answer.Test = &f
		case actors.SelfTestCheck:
			answer.Checks = append(answer.Checks, f)
		}
	}
	slices.SortFunc(answer.Checks, func(a, b actors.SelfTestCheck) int { return cmp.Compare(a.Seq, b.Seq) })
	return answer, nil
}

func (s *Server) identify(r *http.Request) (any, error) {
	if err := read(r, &struct{}{}); err != nil {
		return nil, err
	}
	return s.command(r, actors.Command{Target: "monitor", Body: actors.Identify{}})
}
