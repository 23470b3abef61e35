package notify

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
)

// trial is a test that somebody waits for.
type trial struct {
	peer    actors.Peer
	results []actors.Delivery
	left    int
}

// tested is what became of one message of a trial.
type tested struct {
	trial *trial
	i     int
	got   actors.Delivery
}

func (d *deliverer) command(c *actors.Context, cmd actors.Command) error {
	body, ok := cmd.Body.(actors.TestDelivery)
	if !ok {
		return actors.Refuse("unknown_command", "delivery: cannot %T", cmd.Body)
	}
	names := slices.Sorted(maps.Keys(d.targets))
	_, known := d.targets[body.Target]
	switch {
	case len(names) == 0:
		return actors.Refuse("no_target", `delivery: alarms go nowhere: no target is declared; put webhook = "https://…" under [alarms] in the config file`)
	case body.Target != "" && !known:
		return actors.Refuse("unknown_target", "delivery: %.60q is not a target; there are %s", body.Target, strings.Join(names, ", "))
	case d.deaf(c):
		return actors.Refuse("not_ready", "delivery: nothing leaves the unit while it lives in a simulated past; try again when it is live")
	case known:
		names = []string{body.Target}
	}
	d.begin(c, cmd, names)
	return nil
}

// begin sends a test to all names at once, past what waits for them.
func (d *deliverer) begin(c *actors.Context, cmd actors.Command, names []string) {
	trial := &trial{peer: c.Later(cmd), results: make([]actors.Delivery, len(names)), left: len(names)}
	a := actors.Alarm{Name: "test", Priority: "medium", Since: c.Now(), Text: "this is a test: alarms of " + c.Unit() + " arrive here"}
	a.Unit = c.Unit()
	m, carrier := newMessage(test, a, c.Now()), d.carrier
	for i, name := range names {
		t := d.targets[name]
		c.Do(func() (any, time.Duration) {
			answer, err := carrier.Carry(t, m)
			if err != nil {
				answer = err.Error()
			}
			return tested{trial, i, actors.Delivery{Target: name, Kind: t.Kind, OK: err == nil, Answer: answer}}, 0
		})
	}
}

// note takes one result, and answers with all.
func (t *trial) note(c *actors.Context, r tested) {
	t.results[r.i] = r.got
	if t.left--; t.left == 0 {
		c.AnswerTo(t.peer, actors.Reply{OK: true, Value: t.results})
	}
}
