package monitor

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/clock"
)

// machine is a computer the test makes up.
type machine struct {
	t     *testing.T
	clk   *clock.Clock
	sys   *actors.System
	now   reading
	reads int
	facts []actors.Computer
	logs  []string
}

type node struct{ spec actors.Spec }

func (n node) Receive(c *actors.Context, msg any) error {
	if _, ok := msg.(actors.Started); ok {
		return c.Spawn(n.spec)
	}
	return nil
}

func boot(t *testing.T, seed uint64, first reading) *machine {
	t.Helper()
	m := &machine{t: t, clk: clock.Virtual(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), seed), now: first}
	var err error
	if m.sys, err = actors.NewSystem(actors.Options{Unit: "pio1", Clock: m.clk}); err != nil {
		t.Fatal(err)
	}
	m.sys.Watch(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.Computer:
			m.facts = append(m.facts, f)
		case actors.Log:
			if f.Level == "warning" {
				m.logs = append(m.logs, f.Message)
			}
		}
	})
	spec := actors.Spec{Name: "monitor", Slot: "monitor", New: func() actors.Job {
		job := New().(*Monitor)
		job.read, job.real = func(string) reading { m.reads++; return m.now }, false
		return job
	}}
	if err := m.sys.Start(actors.Spec{Name: "node", New: func() actors.Job { return node{spec} }}); err != nil {
		t.Fatal(err)
	}
	m.clk.Run(0)
	return m
}

func (m *machine) alarm(name string) bool {
	a, _ := actors.LatestOf[actors.Alarm](m.sys, name)
	return a.Active
}

func (m *machine) shown(name string) any {
	s, _ := actors.LatestOf[actors.SettingChanged](m.sys, "monitor/"+name)
	return s.Value
}

func fine() reading {
	return reading{computer: actors.Computer{DiskFreeGB: 20, DiskFreePercent: 60, CPUTemperatureC: 45, MemoryMB: 800}, disk: true,
		machine: "Raspberry Pi 4", app: "v1.2.3", network: network{"192.168.0.7", "d8:3a:dd:61:01:59", "d8:3a:dd:61:01:60"}, sync: synced}
}

func TestHealthIsPublishedEveryMinute(t *testing.T) {
	for seed := range uint64(4) {
		m := boot(t, seed, fine())
		m.clk.Run(10 * time.Minute)
		if len(m.facts) != 11 || m.facts[10].MemoryMB != 800 {
			t.Errorf("seed %d: %d facts, want 11", seed, len(m.facts))
		}
		if m.shown("button_down") != false {
			t.Errorf("button_down = %v, want false", m.shown("button_down"))
		}
		var versions map[string]string
		if err := json.Unmarshal([]byte(m.shown("versions").(string)), &versions); err != nil {
			t.Fatal(err)
		}
		if versions["app"] != "v1.2.3" || versions["rpi_machine"] != "Raspberry Pi 4" || versions["timestamp"] != "2026-01-02T03:04:05.000Z" || len(versions) != 6 {
			t.Errorf("versions = %v", versions)
		}
	}
}

func TestLowDiskNeedsBothLimitsAndDoesNotFlicker(t *testing.T) {
	m := boot(t, 1, fine())
	for i, step := range []struct {
		gb, percent float64
		want        bool
	}{
		{2.9, 20, false}, // a small disk with room
		{40, 4, false},   // a big one
		{2.9, 4.9, true},
		{3.1, 5.1, true}, // within the gap
		{2.9, 4.9, true},
		{3.4, 5.2, false},
		{3.1, 4.9, false},
		{0, 0, true}, // full
	} {
		m.now.computer.DiskFreeGB, m.now.computer.DiskFreePercent = step.gb, step.percent
		m.clk.Run(time.Minute)
		if got := m.alarm(alarmDisk); got != step.want {
			t.Errorf("step %d, %v GB and %v %%: alarm %v, want %v", i, step.gb, step.percent, got, step.want)
		}
	}
}

func TestHotComputerAlarms(t *testing.T) {
	m := boot(t, 1, fine())
	for i, step := range []struct {
		celsius float64
		want    bool
	}{{79, false}, {81, true}, {78, true}, {74, false}} {
		m.now.computer.CPUTemperatureC = step.celsius
		m.clk.Run(time.Minute)
		if got := m.alarm(alarmHot); got != step.want {
			t.Errorf("step %d, %v °C: alarm %v, want %v", i, step.celsius, got, step.want)
		}
	}
}

func TestUnreadableMachineIsToldOnceAndIsNoFailure(t *testing.T) {
	m := boot(t, 1, reading{err: errors.New("monitor: no disk here")})
	m.clk.Run(time.Hour)
	if len(m.logs) != 1 || len(m.facts) != 61 || m.alarm(alarmDisk) {
		t.Errorf("%d warnings, %d facts, disk alarm %v; want 1, 61 and none", len(m.logs), len(m.facts), m.alarm(alarmDisk))
	}
	if !m.sys.Running("monitor") {
		t.Error("the job ended")
	}
}

func TestFilesOfAPi(t *testing.T) {
	r := readFiles(fstest.MapFS{
		thermalFile: {Data: []byte("48312\n")},
		memoryFile:  {Data: []byte("MemTotal:        3884316 kB\nMemFree:          200000 kB\nMemAvailable:    2000000 kB\n")},
		modelFile:   {Data: []byte("Raspberry Pi 4 Model B Rev 1.5\x00")},
	})
	if r.err != nil || r.computer.CPUTemperatureC != 48.312 || r.computer.MemoryMB != 2048 || r.machine != "Raspberry Pi 4 Model B Rev 1.5" {
		t.Errorf("%+v", r)
	}
	if r = readFiles(fstest.MapFS{}); r.err != nil || r.machine != "" {
		t.Errorf("without the files: %+v, want nothing and no trouble", r)
	}
	r = readFiles(fstest.MapFS{thermalFile: {Data: []byte("warm")}, memoryFile: {Data: []byte("MemTotal: 1 kB\n")}})
	if r.err == nil || !strings.Contains(r.err.Error(), thermalFile) || !strings.Contains(r.err.Error(), "MemAvailable") {
		t.Errorf("broken files: %v, want both named", r.err)
	}
}

func TestThisMachineCanBeRead(t *testing.T) {
	r := readMachine(t.TempDir())
	if r.app == "" {
		t.Error("no app version")
	}
	if runtime.GOOS != "linux" {
		if r.disk || r.err == nil {
			t.Errorf("%+v, want an error: the disk is read on Linux only", r)
		}
		return
	}
	if c := r.computer; !r.disk || !(c.DiskFreeGB > 0) || !(c.DiskFreePercent > 0 && c.DiskFreePercent <= 100) || !(c.MemoryMB > 0) {
		t.Errorf("%+v, want a disk and memory: %v", c, r.err)
	}
}

func TestMissingDiskIsAnError(t *testing.T) {
	if r := readMachine(t.TempDir() + "/none"); r.err == nil || r.computer.DiskFreeGB != 0 {
		t.Errorf("%+v, want an error and 0", r)
	}
}
