package cmd

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/cmd/report"
	_ "github.com/pioactor/pioactor/cmd/standard"
)

// simulated runs the command on a turbidostat at three times its start, and
// returns what it printed.
func simulated(t testing.TB, asJSON bool, args ...string) (string, error) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.toml")
	text := `[sim]
start = ["stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=3"]
`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := simulateCommand(&globals{configFile: config, json: asJSON})
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&out)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(context.Background())
	return out.String(), err
}

// files are the report's, by name.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"readings.csv", "events.csv", "report.svg"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = data
	}
	return all
}

func TestSimulationIsTheSameForTheSameSeed(t *testing.T) {
	run := func(seed string) map[string][]byte {
		dir := t.TempDir()
		if out, err := simulated(t, false, "--hours", "3", "--seed", seed, "--inject", "hum:0.01@1h-2h", "--out", dir); err != nil {
			t.Fatal(out, err)
		}
		return files(t, dir)
	}
	first, again, other := run("7"), run("7"), run("8")
	for name := range first {
		if !bytes.Equal(first[name], again[name]) {
			t.Errorf("%s differs between two runs of seed 7", name)
		}
	}
	if bytes.Equal(first["readings.csv"], other["readings.csv"]) {
		t.Error("seeds 7 and 8 give the same readings")
	}
}

func TestSimulatedTurbidostatHoldsItsTarget(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	out, err := simulated(t, true, "--hours", "5", "--out", dir)
	if err != nil {
		t.Fatal(err)
	}
	var s report.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	// From 2.2 h on 1 mL of 15 every ln(16/15)/0.9 h, about 4.5 min; its first hours see a culture that wakes up.
	if s.Readings != 3600 || s.Doses < 25 || s.Doses > 45 || len(s.Alarms)+len(s.Ended) > 0 {
		t.Errorf("%+v", s)
	}
	if s.ODErrorPct == nil || *s.ODErrorPct > 8 || s.MuErrorPerH == nil || *s.MuErrorPerH > 0.12 || s.MaxTrueML == nil || *s.MaxTrueML > 18 {
		t.Errorf("too far from the truth: %s", out)
	}
	rows, err := csv.NewReader(bytes.NewReader(files(t, dir)["readings.csv"])).ReadAll()
	if err != nil || len(rows) != s.Readings+1 {
		t.Errorf("%d rows, %v; want %d readings and a header", len(rows), err, s.Readings)
	}
}

func TestInjectedFaultComesAndGoes(t *testing.T) {
	dir := t.TempDir()
	out, err := simulated(t, false, "--hours", "0.6", "--inject", "stirrer_stall@10m-20m", "--out", dir)
	if err != nil {
		t.Fatal(err)
	}
	events := string(files(t, dir)["events.csv"])
	for _, want := range []string{
		"2026-01-01T00:10:00.000Z,600.000,fault,stirrer_stall,injected,",
		"2026-01-01T00:20:00.000Z,1200.000,fault,stirrer_stall,over,",
		",alarm,stirring_stalled,",
	} {
		if !strings.Contains(events, want) {
			t.Errorf("no %q in\n%s", want, events)
		}
	}
	if !strings.Contains(out, "alarms: stirring_stalled") {
		t.Errorf("printed\n%s", out)
	}
}

func TestSimulateRefusesBadFlags(t *testing.T) {
	cases := map[string]struct {
		args string
		want string
	}{
		"no folder":        {"--hours 1", "--out: name a folder"},
		"no time":          {"--hours 0 --out x", "--hours: want more than 0, at most 2400, got 0"},
		"not a number":     {"--hours NaN --out x", "--hours: want more than 0"},
		"a year":           {"--hours 8760 --out x", "at most 2400"},
		"no instant":       {"--inject hum:1 --out x", `--inject "hum:1": want FAULT@TIME`},
		"unknown fault":    {"--inject rust@1h --out x", `unknown kind "rust"`},
		"bad instant":      {"--inject hum:1@noon --out x", `time "noon": want one such as`},
		"after the end":    {"--inject hum:1@13h --out x", "time 13h0m0s: want 0 to the end of the run, 12h0m0s"},
		"before the start": {"--inject hum:1@2h-1h --out x", "it would end at 1h0m0s, before it begins at 2h0m0s"},
		"for ever":         {"--inject sample:1@1h-2h --out x", "sample happens once"},
	}
	for name, c := range cases {
		_, err := simulated(t, false, strings.Fields(c.args)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a refused run left its folder")
	}
}

func TestSimulateNeedsASimulatedVial(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Unit.Hardware = "replay"
	s := simulation{hours: 1, out: "x"}
	if err := s.check(cfg); err == nil || !strings.Contains(err.Error(), `[unit] hardware is "replay"`) {
		t.Errorf("check: %v", err)
	}
}

// A job that refuses to start is the first thing to know of a run.
func TestRefusedStartIsTold(t *testing.T) {
	s := simulation{hours: 0.01, seed: 1}
	cfg := DefaultConfig()
	cfg.Sim.Start = []string{"dosing_automation=turbidostat"} // without a target
	run, err := s.run(context.Background(), cfg, &screen{})
	if err != nil {
		t.Fatal(err)
	}
	if text := run.Summary().String(); !strings.Contains(text, "dosing_automation is disconnected: target_biomass: want") {
		t.Errorf("got\n%s", text)
	}
}

// stopsAfter is cancelled when it has been asked n times.
type stopsAfter struct {
	context.Context
	left *int
}

func (c stopsAfter) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancelledSimulationReportsWhatThereIs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	s := simulation{hours: 1, seed: 1, out: dir}
	var out bytes.Buffer
	strides := 5
	err := s.report(stopsAfter{context.Background(), &strides}, DefaultConfig(), &printer{out: &out, errs: &bytes.Buffer{}})
	if err == nil || !strings.Contains(err.Error(), "simulate: cancelled after 10m0s of 1h0m0s; the report tells of the run up to then") {
		t.Errorf("report: %v", err)
	}
	rows := bytes.Count(files(t, dir)["readings.csv"], []byte("\n")) - 1
	if rows != 120 || !strings.Contains(out.String(), "0.1667 h, 120 readings") {
		t.Errorf("%d rows, want 10 min of them; printed\n%s", rows, out.String())
	}
}

func TestPlannedFaultIsReadWholly(t *testing.T) {
	p, err := parsePlannedFault("thermometer_step:-2.5@1h-1h30m", 2*time.Hour)
	if err != nil || p.Fault.String() != "thermometer_step:-2.5" || p.from != time.Hour || p.to != 90*time.Minute {
		t.Errorf("got %+v, %v", p, err)
	}
}
