package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/web"
)

// fastPumps makes an exchange of 0.5 mL last 2.2 s: media 0.5 s, a pause of
// 0.2 s, its waste 0.5 s, and 1 s more to make sure of the level.
const fastPumps = `[bioreactor]
media_ml_per_s = 1
alt_media_ml_per_s = 1
waste_ml_per_s = 1
pause_between_subdoses_s = 0.2
max_inflow_vials_per_h = 1000
`

func TestNodeComesBackAfterKills(t *testing.T) {
	t.Parallel()
	killNodes(t, 5, 5) // a seed that hits media, waste and owed waste
}

// victim is a node with a vial that is killed again and again, on a broker that
// lives on.
type victim struct {
	*process
	rng     *rand.Rand
	heard   *bridgetest.Recorder
	kept    map[string][]byte // what must never change
	mediaML float64           // the most that was ever reported as added
	asked   int
	hits    int // kills inside a dose
}

// killNodes kills one node n times, at instants that seed decides.
func killNodes(t *testing.T, seed uint64, n int) {
	v := newVictim(t, seed)
	for i := range n {
		if !t.Run(fmt.Sprintf("kill %d of seed %d", i, seed), func(t *testing.T) { v.once(t, i) }) {
			return
		}
	}
	t.Logf("%d kills, %d of them in the middle of a dose", n, v.hits)
}

func newVictim(t *testing.T, seed uint64) *victim {
	v := prepareVictim(t, seed, plan{sim: "fast_forward = \"2h\"\n" +
		`start = ["stirring", "od_reading", "growth_rate_calculating", "dosing_automation=exchanger", "temperature_automation=thermostat"]`})
	for _, key := range []string{"od/" + exp, "growth/" + exp} {
		v.kept[key] = v.state(key)
	}
	return v
}

// prepareVictim is a victim that runs, on fast pumps beside what p says.
func prepareVictim(t *testing.T, seed uint64, p plan) *victim {
	p.program, p.broker, p.config = lab, bridgetest.Broker(t), fastPumps
	p.sim += "\npump_rate_ml_per_s = 1\nmedia_bottle_ml = 1e5\nwaste_bottle_ml = 1e5"
	v := &victim{rng: rand.New(rand.NewPCG(seed, 6)), kept: map[string][]byte{}, process: prepare(t, p).up()}
	v.heard = v.listen(t)
	v.set("stirring", "target_rpm", changedRPM)
	bridgetest.Eventually(t, soon, "the setting is on the disk", func() bool { // settings are gathered for 50 ms
		return bytes.Contains(v.state("experiment"), []byte(fmt.Sprint(changedRPM)))
	})
	return v
}

// changedRPM is a setting that was changed once and must survive.
const changedRPM = 450.0

// state is what is on the disk under key.
func (n *process) state(key string) []byte {
	n.t.Helper()
	text, err := os.ReadFile(n.file("data/state/" + key + ".json"))
	if err != nil {
		n.t.Fatal(err)
	}
	return text
}

// books are the vial's, as they are on the disk.
func (n *process) books() ledger.Ledger {
	n.t.Helper()
	var s struct{ Ledger ledger.Stored }
	if err := json.Unmarshal(n.state("vial"), &s); err != nil {
		n.t.Fatal(err)
	}
	if s.Ledger.Version != ledger.Version {
		n.t.Fatalf("no ledger in the books: version %d", s.Ledger.Version)
	}
	return s.Ledger.Ledger
}

// once is one kill and what must be true after it.
func (v *victim) once(t *testing.T, i int) {
	outer := v.t
	defer func() { v.t = outer }()
	v.t = t
	v.act()
	<-time.After(time.Duration(v.rng.Float64() * float64(2500*time.Millisecond))) // the instant of the kill
	v.mediaML = max(v.mediaML, v.reported())
	v.kill()
	v.mustResume(i%2 == 1)
}

// mustResume starts the node again: it is as it was. With poke somebody asks for
// media at once.
func (v *victim) mustResume(poke bool) {
	t := v.t
	t.Helper()
	v.mustBeLost()
	before := v.books()
	if before.Open.ID != "" {
		v.hits++
	}
	began := time.Now()
	v.start().reach()
	poked := poke && v.poke()
	v.settle()
	took := v.mustBeTrue(began, 5*time.Second+slack)
	bridgetest.Eventually(t, slow, "owed waste is out", func() bool { return v.vial().OwedWasteML == 0 })
	t.Logf("true %v after the start; killed with %q open, %.2f mL owed", took.Round(time.Millisecond), before.Open.Pump, before.OwedWasteML)
	if !poked {
		<-time.After(quiet)
	}
	v.judge(before, poked)
	if t.Failed() {
		t.Logf("events:\n%s", v.heard)
	}
}

// act asks for an exchange, for media, or for nothing.
func (v *victim) act() {
	v.t.Helper()
	switch v.rng.IntN(4) {
	case 0:
	case 1:
		v.poke()
	default:
		v.asked++
		v.set("dosing_automation", "request", fmt.Sprint("exchange ", v.asked))
	}
}

// quiet is how long nothing may flow in after a start: OD windows hold a dose
// up for the first second.
const quiet = 2 * time.Second

// pokeML is what poke asks for.
const pokeML = 0.3

// poke asks for media, as a person would, and reports whether it was accepted.
func (v *victim) poke() bool {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	ml := pokeML
	_, err := v.client.Dose(ctx, "add_media", web.DoseRequest{ML: &ml})
	var no *web.Error
	if err != nil && (!errors.As(err, &no) || no.Code != "overfill") {
		v.t.Fatalf("add_media: %v\n%s", err, v.tail())
	}
	return err == nil
}

func (v *victim) vial() actors.Vial {
	v.t.Helper()
	if s := v.status(); s.Vial != nil {
		return *s.Vial
	}
	v.t.Fatal("the node knows no vial")
	return actors.Vial{}
}

// reported is the media that clients were told of.
func (v *victim) reported() (ml float64) {
	for _, text := range v.heard.Payloads(base + "bioreactor/cumulative_media_added_ml") {
		var now float64
		if err := json.Unmarshal([]byte(text), &now); err != nil {
			v.t.Fatalf("cumulative_media_added_ml = %q: %v", text, err)
		}
		if now < ml-1e-9 {
			v.t.Errorf("cumulative_media_added_ml falls from %v to %v mL", ml, now)
		}
		ml = now
	}
	return ml
}

// mustBeLost waits until the broker has said so of every job, and forgets what
// was heard until then.
func (v *victim) mustBeLost() {
	v.t.Helper()
	for _, job := range v.jobs {
		bridgetest.Eventually(v.t, soon, job+" is lost", func() bool {
			state, _ := v.heard.Last(cmp.Or(stock[job], base) + job + "/$state")
			return state == "lost"
		})
	}
	v.heard.Forget()
}
