package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/web"
)

// deadlier are ways for a node to end. Each returns the instant at which it began.
var deadlier = map[string]func(*hatVictim) time.Time{
	"kill": func(v *hatVictim) time.Time { return v.signal(unix.SIGKILL) },
	"hang": func(v *hatVictim) time.Time { return v.signal(unix.SIGSTOP) },
	// A storm of panics in a job, then one where nobody supervises.
	"panic": func(v *hatVictim) time.Time {
		for range v.rng.IntN(4) {
			v.ask("panicky", "now")
			<-time.After(time.Duration(v.rng.Int64N(int64(50 * time.Millisecond))))
		}
		return v.ask("deadly", "panic")
	},
	// Of the node alone: its guard has lived from before the limit.
	"memory": func(v *hatVictim) time.Time {
		limit := unix.Rlimit{Cur: v.sizeBytes() + spareBytes, Max: unix.RLIM_INFINITY}
		if err := unix.Prlimit(v.cmd.Process.Pid, unix.RLIMIT_AS, &limit, nil); err != nil {
			v.t.Fatal(err)
		}
		return v.ask("deadly", "eat")
	},
}

// spareBytes is what a node may take until it has no memory any more.
const spareBytes = 32 << 20

// words are in what a node says that ends so.
var words = map[string]string{
	"panic":  "as it was told, outside of every actor",
	"memory": "out of memory",
}

func (v *hatVictim) signal(s unix.Signal) time.Time {
	v.t.Helper()
	began := time.Now()
	if err := v.cmd.Process.Signal(s); err != nil {
		v.t.Fatal(err)
	}
	return began
}

// ask sets a switch and does not mind that nobody answers any more.
func (v *hatVictim) ask(job, name string) time.Time {
	v.t.Helper()
	began := time.Now()
	v.heard.Publish(base+job+"/"+name+"/set", "true", 0, false)
	return began
}

// sizeBytes is the address space that the node has.
func (v *hatVictim) sizeBytes() uint64 {
	v.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", v.cmd.Process.Pid))
	var pages uint64
	if err == nil {
		_, err = fmt.Sscan(string(text), &pages)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	return pages * uint64(os.Getpagesize())
}

// hatVictim is a victim on the modelled HAT.
type hatVictim struct {
	*victim
	toSafe, toDeath []time.Duration // each from its end's beginning: to safety after death, to death
	on              map[string]int  // how often each output was on when the end began
}

func newHATVictim(t *testing.T, seed uint64) *hatVictim {
	jobs := append(sorted(stock), "panicky", "deadly")
	return &hatVictim{on: map[string]int{}, victim: prepareVictim(t, seed, plan{unit: `hardware = "fake"`, jobs: jobs,
		sim: `waste_seen = true
start = ["stirring", "od_reading", "growth_rate_calculating", "dosing_automation=exchanger", "temperature_automation=thermostat target_temperature=37", "panicky", "deadly"]`})}
}

// endHAT ends one node n times in one way, at instants that seed decides.
func endHAT(t *testing.T, how string, seed uint64, n int) *hatVictim {
	v := newHATVictim(t, seed)
	for i := range n {
		if !t.Run(fmt.Sprintf("%s %d of seed %d", how, i, seed), func(t *testing.T) { v.once(t, how) }) {
			break
		}
	}
	return v
}

// once is one end with pump, heater and LEDs on, and what must be true after it.
func (v *hatVictim) once(t *testing.T, how string) {
	outer := v.t
	defer func() { v.t = outer }()
	v.t = t
	v.drive()
	<-time.After(time.Duration(v.rng.Int64N(int64(1500 * time.Millisecond)))) // the instant
	for name := range v.outputs() {
		v.on[name]++
	}
	seen := v.watch(soon)
	began := deadlier[how](v)
	e := <-seen
	if e.err != nil {
		t.Fatalf("%s: %v\n%s", how, e.err, v.out)
	}
	v.mustHaveEnded(how)
	v.toDeath, v.toSafe = append(v.toDeath, e.died.Sub(began)), append(v.toSafe, e.safe.Sub(e.died))
	t.Logf("dead after %v, safe %v later; left on %v", e.died.Sub(began), e.safe.Sub(e.died), e.left)
	v.mustResume(false)
}

// drive has a pump, the heater, the stirrer and LEDs on.
func (v *hatVictim) drive() {
	v.t.Helper()
	v.light(web.LEDRequest{B: percent(50)})
	bridgetest.Eventually(v.t, soon, "the heater heats", func() bool {
		h := v.status().HeaterDuty
		return h != nil && h.Percent > 0
	})
	v.asked++
	v.set("dosing_automation", "request", fmt.Sprint("exchange ", v.asked))
	bridgetest.Eventually(v.t, soon, "a pump runs, and light shines", func() bool {
		on := v.outputs()
		return (on[mediaPWM] > 0 || on[wastePWM] > 0) && on["LED B"] > 0
	})
}

// The PWM channels of the pumps that an exchange runs, as the fake names them.
const mediaPWM, wastePWM = "PWM 2", "PWM 4"

func percent(x float64) *float64 { return &x }

func (v *hatVictim) light(r web.LEDRequest) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if _, err := v.client.Light(ctx, r); err != nil {
		v.t.Fatalf("led_intensity: %v", err)
	}
}

// mustHaveEnded waits for the last who holds the node's output, its guard, and
// looks at what both said, and at the outputs again: nobody drives them now.
func (v *hatVictim) mustHaveEnded(how string) {
	v.t.Helper()
	select {
	case err := <-v.ended:
		v.ended <- err
	case <-time.After(soon):
		v.t.Fatal("the guard stays")
	}
	v.hangUp()
	if on := v.outputs(); len(on) > 0 {
		v.t.Errorf("on after the guard had left: %v", on)
	}
	for _, want := range []string{words[how], "guard: the node died; every output is safe"} {
		if said := v.out.String(); !strings.Contains(said, want) {
			v.t.Errorf("%s: the node and its guard said %.3000q, want %q", how, said, want)
		}
	}
}

// tell is how long it took, all victims together.
func tell(t *testing.T, victims []*hatVictim) (toDeath, toSafe []time.Duration) {
	t.Helper()
	on := map[string]int{}
	for _, v := range victims {
		toDeath, toSafe = append(toDeath, v.toDeath...), append(toSafe, v.toSafe...)
		for name, n := range v.on {
			on[name] += n
		}
	}
	if len(toSafe) == 0 {
		t.Fatal("nothing has ended")
	}
	slices.Sort(toDeath)
	slices.Sort(toSafe)
	t.Logf("%d ends; on when they began: %v", len(toSafe), on)
	t.Logf("to death: %s", spreadOf(toDeath))
	t.Logf("from death to safety: %s", spreadOf(toSafe))
	return toDeath, toSafe
}

// spreadOf is a distribution, sorted already.
func spreadOf(d []time.Duration) string {
	at := func(q float64) time.Duration { return d[int(q*float64(len(d)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("least %v, median %v, 90 %% %v, 99 %% %v, most %v", at(0), at(0.5), at(0.9), at(0.99), at(1))
}

func TestHATIsSafeAfterItsNodeIsKilled(t *testing.T) {
	t.Parallel()
	_, toSafe := tell(t, []*hatVictim{endHAT(t, "kill", 5, 5)})
	if most := toSafe[len(toSafe)-1]; most > 100*time.Millisecond+slack {
		t.Errorf("safe %v after a death", most)
	}
}

func TestHATIsSafeAfterItsNodeHangs(t *testing.T) {
	t.Parallel()
	toDeath, toSafe := tell(t, []*hatVictim{endHAT(t, "hang", 6, 1)})
	if took := toDeath[0] + toSafe[0]; took > 6*time.Second+slack {
		t.Errorf("safe %v after it hung", took)
	}
}

// TestGuardOfAHATIsSmall: what it has for itself is taken from the culture.
func TestGuardOfAHATIsSmall(t *testing.T) {
	t.Parallel()
	n := prepare(t, plan{unit: `hardware = "fake"`}).start().reach()
	kb := privateKB(t, n.guardPID())
	if t.Logf("%d kB", kb); kb > 5000 {
		t.Errorf("the guard has %d kB for itself, want 5 MB or less", kb)
	}
}

// TestAHATHasOneNode: one with a data folder of its own, and make-safe beside
// it, find the HAT in use and change nothing.
func TestAHATHasOneNode(t *testing.T) {
	t.Parallel()
	n := prepare(t, plan{program: lab, unit: `hardware = "fake"`, sim: `start = ["deadly"]`, jobs: []string{"deadly"}}).up()
	bridgetest.Eventually(t, soon, "the light shines", func() bool { return n.outputs()["LED D"] > 0 })
	other := *n
	other.dir = t.TempDir()
	for from, to := range map[string]string{n.fakeHAT(): other.fakeHAT(), n.file("config.toml"): other.file("config.toml")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Symlink(from, to)); err != nil {
			t.Fatal(err)
		}
	}
	other.start()
	select {
	case err := <-other.ended: // and its guard, which holds its output
		other.ended <- err
	case <-time.After(soon):
		other.end()
		t.Fatal("two nodes drive one HAT")
	}
	const want = "another pioactor drives the HAT"
	if text := other.out.String(); other.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(text, want) || strings.Contains(text, "guard:") {
		t.Errorf("exit code %d, said %q", other.cmd.ProcessState.ExitCode(), text)
	}
	if code, text := other.cli("make-safe"); code != 3 || !strings.Contains(text, want) {
		t.Errorf("make-safe: exit code %d and %q", code, text)
	}
	if on := n.outputs(); on["LED D"] == 0 {
		t.Errorf("somebody has put out the light: %v", on)
	}
}
