package selftest

import (
	"fmt"
	"slices"

	"github.com/pioactor/pioactor/actors"
)

// stateKey is where the last test is kept.
const stateKey = "self_test"

// RecordSpec is the actor "self_test_record", for the unit's tree: what the last
// self-test found is known after a restart too.
func RecordSpec() actors.Spec {
	return actors.Spec{Name: "self_test_record", New: func() actors.Job { return &record{} }}
}

// record keeps the last test.
//
// Takes: SelfTest and SelfTestCheck facts.
// Sends: the same facts, once after a start, as they were.
// Fails by: a record that cannot be read. One that cannot be written is an
// error in the log.
type record struct {
	kept kept
}

type kept struct {
	Test   actors.SelfTest        `json:"test"`
	Checks []actors.SelfTestCheck `json:"checks"`
}

// Receive implements actors.Job.
func (r *record) Receive(c *actors.Context, msg any) error {
	switch msg := msg.(type) {
	case actors.Started:
		return r.start(c)
	case actors.SelfTestCheck:
		r.note(msg)
	case actors.SelfTest:
		r.ended(c, msg)
	case actors.Saved:
		if msg.Err != nil {
			c.Log().Error("the self-test is not kept, a restart would forget it: %v", msg.Err)
		}
	}
	return nil
}

func (r *record) start(c *actors.Context) error {
	known, err := c.Load(stateKey, &r.kept)
	if err != nil {
		return fmt.Errorf("self_test_record: %w", err)
	}
	if _, _, running := actors.Latest[actors.SelfTest](c, ""); known && !running {
		for _, k := range r.kept.Checks {
			c.Publish(k)
		}
		c.Publish(r.kept.Test)
	}
	actors.Subscribe[actors.SelfTestCheck](c)
	actors.Subscribe[actors.SelfTest](c)
	return nil
}

func (r *record) note(k actors.SelfTestCheck) {
	if i := slices.IndexFunc(r.kept.Checks, func(old actors.SelfTestCheck) bool { return old.Name == k.Name }); i >= 0 {
		r.kept.Checks[i] = k
		return
	}
	r.kept.Checks = append(r.kept.Checks, k)
}

// ended saves a test at its end; one that a power cut ended is no test.
func (r *record) ended(c *actors.Context, t actors.SelfTest) {
	r.kept.Test = t
	if !t.Running {
		c.Save(stateKey, r.kept)
	}
}

var _ actors.Job = (*record)(nil)
