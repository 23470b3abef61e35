package alarm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/clock"
	"github.com/pioactor/pioactor/actors/state"
)

// sleeper is a job that an action puts to sleep; quiet is a device that notes
// what it is asked for.
type sleeper struct{}

func (sleeper) Receive(*actors.Context, any) error { return nil }

type quiet struct{ asked *[]string }

func (q quiet) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		*q.asked = append(*q.asked, fmt.Sprintf("%s %T %+v", c.Name(), cmd.Body, cmd.Body))
	}
	return nil
}

// plant is a unit with declared alarms, jobs and devices.
type plant struct {
	*unit
	asked []string
}

type trunk struct {
	declared alarm.Config
	jobs     []string
	asked    *[]string
}

func (n trunk) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); !ok {
		return nil
	}
	specs := []actors.Spec{alarm.Spec(n.declared)}
	for _, device := range []string{"vial", "leds"} {
		specs = append(specs, actors.Spec{Name: device, New: func() actors.Job { return quiet{n.asked} }})
	}
	for _, job := range n.jobs {
		specs = append(specs, actors.Spec{Name: job, Slot: job, Experiment: "exp", New: func() actors.Job { return sleeper{} }})
	}
	for _, s := range specs {
		if err := c.Spawn(s); err != nil {
			return err
		}
	}
	return nil
}

func grow(t *testing.T, seed uint64, store state.Store, declared alarm.Config, jobs ...string) *plant {
	t.Helper()
	if err := declared.Validate(); err != nil {
		t.Fatal(err)
	}
	p := &plant{unit: &unit{T: t, clk: clock.Virtual(time.Unix(1e9+int64(seed), 0), seed)}}
	sys, err := actors.NewSystem(actors.Options{Unit: "pio1", Clock: p.clk, State: store})
	if err != nil {
		t.Fatal(err)
	}
	p.sys = sys
	sys.Watch(func(f actors.Fact) {
		if a, ok := f.(actors.Alarm); ok {
			p.facts = append(p.facts, a)
		}
	})
	if err := sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return trunk{declared, jobs, &p.asked} }}); err != nil {
		t.Fatal(err)
	}
	p.clk.Run(time.Second)
	return p
}

// rate publishes a growth rate every 10 s for d.
func (p *plant) rate(d time.Duration, perH func(i int) float64) {
	for i := range int(d / (10 * time.Second)) {
		p.sys.Publish("exp", actors.GrowthRate{PerH: perH(i)})
		p.clk.Run(10 * time.Second)
	}
}

func steady(x float64) func(int) float64 { return func(int) float64 { return x } }

func (p *plant) alarm(name string) actors.Alarm {
	a, _ := actors.LatestOf[actors.Alarm](p.sys, name)
	return a
}

func (p *plant) state(job string) actors.State {
	s, _ := actors.LatestOf[actors.JobState](p.sys, job)
	return s.State
}

// turns is how an alarm was raised (+) and cleared (−), by its facts.
func (p *plant) turns(name string) string {
	var turns strings.Builder
	was := false
	for _, a := range p.facts {
		if a.Name == name && a.Active != was {
			was = a.Active
			turns.WriteString(map[bool]string{true: "+", false: "-"}[was])
		}
	}
	return turns.String()
}

func init() {
	actors.Register(actors.Own, "growth_rate_calculating", func() actors.Job { return sleeper{} })
}

func low(change ...func(*alarm.Declaration)) alarm.Config {
	d := alarm.Default()
	d.Signal, d.Low, d.Hysteresis = "growth_rate_per_h", 0.1, 0.05
	for _, c := range change {
		c(&d)
	}
	return alarm.Config{"slow": d}
}

func TestOscillationRaisesAndClearsOnce(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		p := grow(t, seed, state.NewMemory(), low())
		p.rate(time.Hour, steady(0.5))
		p.rate(time.Hour, func(i int) float64 { return 0.1 + 0.045*float64(1-2*(i%2)) })
		if got := p.turns("slow"); got != "+" {
			t.Fatalf("while it oscillates: %q, want one raise", got)
		}
		p.rate(time.Hour, steady(0.5))
		if got := p.turns("slow"); got != "+-" || len(p.facts) != 2 {
			t.Errorf("turns %q in %d facts, want one raise and one clear", got, len(p.facts))
		}
		if p.facts[0].Experiment != "exp" {
			t.Errorf("experiment %q, want that of the signal", p.facts[0].Experiment)
		}
		if a := p.facts[0]; a.Text != "growth_rate_per_h: 0.055 is below 0.1" && a.Text != "growth_rate_per_h: 0.145 is below 0.1" {
			t.Errorf("text = %q", a.Text)
		}
	})
}

func TestSilenceIsRaisedByTimeAlone(t *testing.T) {
	p := grow(t, 1, state.NewMemory(), low(func(d *alarm.Declaration) { d.Low, d.Hysteresis, d.Stale, d.Delay = -1e300, 0, 5*time.Minute, 0 }))
	p.rate(time.Minute, steady(1))
	p.clk.Run(4 * time.Minute)
	if p.turns("slow") != "" {
		t.Error("raised before 5 minutes of silence")
	}
	p.clk.Run(time.Minute)
	if p.turns("slow") != "+" {
		t.Error("not raised after 5 minutes of silence")
	}
	p.rate(2*time.Minute, steady(1))
	if p.turns("slow") != "+-" {
		t.Error("not cleared by news")
	}
}

func TestDeclaredAlarmOutlivesARestart(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		store := state.NewMemory()
		p := grow(t, seed, store, low())
		p.rate(10*time.Minute, steady(0))
		since := p.alarm("slow").Since
		p.do("alarm", actors.Acknowledge{Name: "slow"})

		p = grow(t, seed, store, low())
		p.rate(10*time.Minute, steady(0.12)) // good only for one who does not remember
		if a := p.alarm("slow"); !a.Active || a.Over || !a.Acked || !a.Since.Equal(since) || len(p.facts) != 1 {
			t.Fatalf("after the restart: %+v in %d facts, want the alarm of %v, once, with its note", a, len(p.facts), since)
		}
		p.rate(10*time.Minute, steady(1))
		if got := p.turns("slow"); got != "+-" {
			t.Errorf("turns after the restart %q, want the old raise and one clear", got)
		}
		if p = grow(t, seed, store, low()); len(p.facts) != 0 {
			t.Error("a cleared alarm came back")
		}
	})
}

func TestAlarmThatIsNotDeclaredAnyMoreIsForgotten(t *testing.T) {
	store := state.NewMemory()
	grow(t, 1, store, low()).rate(10*time.Minute, steady(0))
	if p := grow(t, 1, store, alarm.Config{}); len(p.list()) != 0 {
		t.Errorf("list = %+v, want none", p.list())
	}
}

func TestCrashOfTheJudgeIsNoNews(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		p := grow(t, seed, state.NewMemory(), low())
		p.rate(10*time.Minute, steady(0))
		for range 3 {
			p.sys.Crash("conditions", "planted")
			p.rate(5*time.Minute, steady(0))
		}
		p.sys.Crash("alarm", "planted")
		p.rate(5*time.Minute, steady(0))
		if got := p.turns("slow"); got != "+" {
			t.Errorf("turns %q, want one raise", got)
		}
		p.rate(10*time.Minute, steady(1))
		if got := p.turns("slow"); got != "+-" {
			t.Errorf("turns %q, want one raise and one clear", got)
		}
	})
}

func TestAlarmOfAJobIsJudgedWhileTheJobRuns(t *testing.T) {
	p := grow(t, 3, state.NewMemory(), low(func(d *alarm.Declaration) { d.Stale, d.WhileJob = 5*time.Minute, "growth_rate_calculating" }), "growth_rate_calculating")
	p.rate(10*time.Minute, steady(0))
	p.do("growth_rate_calculating", actors.SetState{State: actors.Sleeping})
	p.clk.Run(time.Hour)
	if got := p.turns("slow"); got != "+-" {
		t.Fatalf("turns %q, want the alarm to end while its job sleeps", got)
	}
	p.do("growth_rate_calculating", actors.SetState{State: actors.Ready})
	p.clk.Run(10 * time.Minute)
	if got := p.turns("slow"); got != "+-+" {
		t.Errorf("turns %q, want silence after the job woke to be an alarm", got)
	}
}

func TestAlarmOfAJobThatNeverRanIsQuiet(t *testing.T) {
	p := grow(t, 3, state.NewMemory(), low(func(d *alarm.Declaration) { d.Stale, d.WhileJob = 5*time.Minute, "growth_rate_calculating" }))
	p.clk.Run(24 * time.Hour)
	if len(p.facts) != 0 {
		t.Errorf("facts: %+v", p.facts)
	}
}

func TestPauseSleepsAndWakesDosing(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		store, declared := state.NewMemory(), low(func(d *alarm.Declaration) { d.Action, d.Latch = "pause", true })
		p := grow(t, seed, store, declared, "dosing_automation")
		p.rate(10*time.Minute, steady(0))
		if got := p.state("dosing_automation"); got != actors.Sleeping || p.alarm("slow").Action != "pause" {
			t.Fatalf("dosing is %s with %+v, want asleep", got, p.alarm("slow"))
		}
		p = grow(t, seed, store, declared, "dosing_automation")
		if got := p.state("dosing_automation"); got != actors.Sleeping {
			t.Fatalf("after a restart dosing is %s, want asleep", got)
		}
		p.rate(10*time.Minute, steady(1))
		if got := p.state("dosing_automation"); got != actors.Sleeping {
			t.Fatalf("dosing is %s before the latched alarm is acknowledged", got)
		}
		p.do("alarm", actors.Acknowledge{All: true})
		if got := p.state("dosing_automation"); got != actors.Ready {
			t.Errorf("dosing is %s after the alarm, want ready", got)
		}
	})
}

func TestWhoWakesAPausedJobMay(t *testing.T) {
	p := grow(t, 2, state.NewMemory(), low(func(d *alarm.Declaration) { d.Action = "pause" }), "dosing_automation")
	p.rate(10*time.Minute, steady(0))
	p.do("dosing_automation", actors.SetState{State: actors.Ready})
	p.rate(10*time.Minute, steady(0))
	if got := p.state("dosing_automation"); got != actors.Ready {
		t.Errorf("woken by hand it is %s again", got)
	}
	p.do("dosing_automation", actors.SetState{State: actors.Sleeping})
	p.rate(10*time.Minute, steady(1))
	if got := p.state("dosing_automation"); got != actors.Sleeping {
		t.Errorf("put to sleep by hand it is %s when the alarm ends", got)
	}
}

func TestSafeStateTurnsEnergyOff(t *testing.T) {
	jobs := []string{"dosing_automation", "temperature_automation", "led_automation", "stirring"}
	p := grow(t, 4, state.NewMemory(), low(func(d *alarm.Declaration) { d.Action = "safe_state" }), jobs...)
	p.sys.Publish("exp", actors.LEDs{C: 40})
	p.rate(10*time.Minute, steady(0))
	p.rate(10*time.Minute, steady(1))
	for _, job := range jobs[:3] {
		if got := p.state(job); got != actors.Sleeping {
			t.Errorf("%s is %s, want asleep, also when the alarm is over", job, got)
		}
	}
	if got := p.state("stirring"); got != actors.Ready {
		t.Errorf("stirring is %s, want ready", got)
	}
	want := []string{
		"leds actors.SetLED {Channel:C Percent:0 For:0s Source:alarm}",
		"vial actors.StopDosing {Reason:the alarm slow asks for the safe state Action:}",
	}
	if slices.Sort(p.asked); !slices.Equal(p.asked, want) {
		t.Errorf("asked %q\nwant %q", p.asked, want)
	}
}

// scene raises alarms of the house by name, as jobs do.
func (p *plant) raise(priority string, names ...string) {
	for _, name := range names {
		p.sys.Do(actors.Command{Target: "crier", Body: cry{name, priority, true}}, func(actors.Reply) {})
	}
	p.clk.Run(time.Second)
}

func (p *plant) clear(name string) {
	p.sys.Do(actors.Command{Target: "crier", Body: cry{name, "", false}}, func(actors.Reply) {})
	p.clk.Run(time.Second)
}

type cry struct {
	name, priority string
	on             bool
}

type crier struct{}

func (crier) Receive(c *actors.Context, msg any) error {
	if cmd, ok := msg.(actors.Command); ok {
		m := cmd.Body.(cry)
		if m.on {
			c.Raise(m.name, m.priority, m.name, false)
		} else {
			c.Clear(m.name)
		}
	}
	return nil
}

func scene(t *testing.T, seed uint64, declared alarm.Config) *plant {
	p := grow(t, seed, state.NewMemory(), declared)
	if err := p.sys.Start(actors.Spec{Name: "crier", New: func() actors.Job { return crier{} }}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *plant) hidden() string {
	var all []string
	for _, a := range p.list() {
		if a.HiddenBy != "" {
			all = append(all, a.Name+"<"+a.HiddenBy)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestRootCauseHidesItsConsequences(t *testing.T) {
	seeds(t, func(t *testing.T, seed uint64) {
		p := scene(t, seed, low(func(d *alarm.Declaration) { d.DependsOn = []string{"od_reading_failing"} }))
		p.rate(5*time.Minute, steady(0))
		p.raise("high", "od_reading_failing", "vial_not_saved")
		p.raise("medium", "turbidostat_baseline")
		if got, want := p.hidden(), "slow<od_reading_failing turbidostat_baseline<od_reading_failing"; got != want {
			t.Fatalf("hidden: %s, want %s", got, want)
		}
		p.raise("high", "board_failed")
		if got, want := p.hidden(), "od_reading_failing<board_failed slow<board_failed turbidostat_baseline<board_failed"; got != want {
			t.Errorf("hidden: %s, want %s", got, want)
		}
		p.clear("board_failed")
		p.clear("od_reading_failing")
		if got := p.hidden(); got != "" || !p.alarm("slow").Active {
			t.Errorf("hidden: %q after the causes are gone, want none", got)
		}
	})
}

func TestNothingUrgentHidesBehindALesserAlarm(t *testing.T) {
	p := scene(t, 1, low(func(d *alarm.Declaration) { d.Priority, d.DependsOn = "high", []string{"reference_unstable"} }))
	p.raise("medium", "reference_unstable")
	p.rate(5*time.Minute, steady(0))
	if got := p.hidden(); got != "" {
		t.Errorf("hidden: %s, want none: somebody may want to hear of high alarms only", got)
	}
}

func TestACircleOfCausesIsRefused(t *testing.T) {
	declared := alarm.Config{}
	for i, name := range []string{"a", "b", "c"} {
		d := low()["slow"]
		d.DependsOn = []string{[]string{"b", "c", "a"}[i]}
		declared[name] = d
	}
	err := declared.Validate()
	if err == nil || !strings.Contains(err.Error(), "[alarms.a] depends_on: goes round in a circle: a, b, c; a cause cannot be its own consequence") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsOverExplainsNothing(t *testing.T) {
	p := scene(t, 1, low(func(d *alarm.Declaration) { d.DependsOn = []string{"pump_dry"} }))
	p.sys.Publish("exp", actors.Alarm{Name: "pump_dry", Priority: "high", Active: true, Latched: true, Over: true})
	p.rate(5*time.Minute, steady(0))
	if got := p.hidden(); got != "" {
		t.Errorf("hidden: %s, want none: the cause only waits to be acknowledged", got)
	}
}

// TestDosingSleepsAsLongAsAnyAlarmWantsIt has two alarms at once: the last
// pause wakes it, but not out of a safe state.
func TestDosingSleepsAsLongAsAnyAlarmWantsIt(t *testing.T) {
	for action, want := range map[string]actors.State{"pause": actors.Ready, "safe_state": actors.Sleeping} {
		declared := low(func(d *alarm.Declaration) { d.Action = "pause" })
		other := declared["slow"]
		other.Low, other.Delay, other.Action = 0.05, 10*time.Minute, action
		declared["very_slow"] = other
		p := grow(t, 1, state.NewMemory(), declared, "dosing_automation")
		p.rate(20*time.Minute, steady(0))
		p.rate(10*time.Minute, steady(0.12)) // very_slow ends, slow does not
		if p.turns("very_slow") != "+-" || p.turns("slow") != "+" {
			t.Fatalf("turns %q, %q", p.turns("very_slow"), p.turns("slow"))
		}
		if got := p.state("dosing_automation"); got != actors.Sleeping {
			t.Errorf("%s: dosing is %s while an alarm wants it asleep", action, got)
		}
		p.rate(10*time.Minute, steady(1))
		if got := p.state("dosing_automation"); got != want {
			t.Errorf("%s: dosing is %s after the alarms, want %s", action, got, want)
		}
	}
}
