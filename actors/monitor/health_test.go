package monitor

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/protocol"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/hw"
)

// fake stands for a device: it answers what it is asked and keeps what it is told.
type fake struct {
	answer func() any
	heard  *[]any
}

func (f fake) Receive(c *actors.Context, msg any) error {
	switch msg.(type) {
	case protocol.ReadRail, protocol.ReadTemperature, protocol.ReadHealth:
		c.Answer(f.answer())
	case protocol.ShowCodes, protocol.BlinkOnce:
		*f.heard = append(*f.heard, msg)
	}
	return nil
}

// devices adds a rail, a thermometer and a status LED to the machine's unit.
func (m *machine) devices(rail *protocol.RailRead, heat *protocol.TemperatureRead) *[]any {
	m.t.Helper()
	heard := new([]any)
	for name, f := range map[string]fake{
		"rail":        {answer: func() any { return *rail }},
		"thermometer": {answer: func() any { return *heat }},
		"statusled":   {heard: heard},
	} {
		if err := m.sys.Start(actors.Spec{Name: name, New: func() actors.Job { return f }}); err != nil {
			m.t.Fatal(err)
		}
	}
	return heard
}

func (m *machine) do(body any) (r actors.Reply) {
	m.sys.Do(actors.Command{Target: "monitor", Body: body}, func(got actors.Reply) { r = got })
	m.clk.Run(0)
	return r
}

func TestSupplyIsLowOnlyWhenTheFlagAgreesOrIsUnknown(t *testing.T) {
	m := boot(t, 1, fine())
	var rail protocol.RailRead
	heard := m.devices(&rail, &protocol.TemperatureRead{Err: hw.ErrAbsent})
	for i, step := range []struct {
		supply hw.Supply
		want   bool
	}{
		{hw.Supply{Volts: 5, Known: true}, false},
		{hw.Supply{Volts: 4.79, Known: true}, false}, // a long cable
		{hw.Supply{Volts: 4.80}, true},
		{hw.Supply{Volts: 4.85}, true}, // within the gap
		{hw.Supply{Volts: 4.92}, false},
		{hw.Supply{Volts: 4.6, Known: true, Sagging: true}, true},
		{hw.Supply{Volts: 4.6, Known: true}, false},
	} {
		rail = protocol.RailRead{Supply: step.supply}
		m.clk.Run(time.Minute)
		if got := m.alarm(alarmVoltage); got != step.want {
			t.Errorf("step %d, %+v: alarm %v, want %v", i, step.supply, got, step.want)
		}
		if last := (*heard)[len(*heard)-1].(protocol.ShowCodes); last.Codes[7] != step.want {
			t.Errorf("step %d: blinks code 7: %v, want %v", i, last.Codes[7], step.want)
		}
	}
	if v, _ := actors.LatestOf[actors.RailVoltage](m.sys, ""); v.Volts != 4.6 {
		t.Errorf("voltage %v, want 4.6 to 0.05 V", v.Volts)
	}
	rail = protocol.RailRead{Err: errors.New("no answer on the bus")}
	m.clk.Run(3 * time.Minute)
	if len(m.logs) != 1 {
		t.Errorf("a rail that cannot be read is told %d times, want once: %q", len(m.logs), m.logs)
	}
}

func TestHotBoardWithNobodyHeating(t *testing.T) {
	m := boot(t, 1, fine())
	heat := protocol.TemperatureRead{TemperatureC: 70}
	m.devices(&protocol.RailRead{Err: hw.ErrAbsent}, &heat)
	m.sys.Publish("exp", actors.JobState{Job: "temperature_automation", State: actors.Ready})
	m.clk.Run(2 * time.Minute)
	if m.alarm(alarmBoard) {
		t.Error("alarm beside a temperature automation, whose affair it is")
	}
	m.sys.Publish("exp", actors.JobState{Job: "temperature_automation", State: actors.Disconnected})
	for i, step := range []struct {
		celsius float64
		want    bool
	}{{64.9, false}, {65, true}, {61, true}, {59, false}} {
		heat.TemperatureC = step.celsius
		m.clk.Run(time.Minute)
		if got := m.alarm(alarmBoard); got != step.want {
			t.Errorf("step %d, %v °C: alarm %v, want %v", i, step.celsius, got, step.want)
		}
	}
}

func TestMemoryNetworkAndSync(t *testing.T) {
	m := boot(t, 1, fine())
	for i, step := range []struct {
		change                  func(*reading)
		memory, network, unsync bool
	}{
		{func(*reading) {}, false, false, false},
		{func(r *reading) { r.computer.MemoryMB = 49 }, true, false, false},
		{func(r *reading) { r.computer.MemoryMB = 60 }, true, false, false},
		{func(r *reading) { r.computer.MemoryMB = 90 }, false, false, false},
		{func(r *reading) { r.network.ipv4 = notAvailable }, false, true, false},
		{func(r *reading) { r.network.ipv4 = "10.0.0.2" }, false, false, false},
		{func(r *reading) { r.sync = drifting }, false, false, true},
		{func(r *reading) { r.sync = unknown }, false, false, true}, // it tells nothing new
		{func(r *reading) { r.sync = synced }, false, false, false},
	} {
		step.change(&m.now)
		m.clk.Run(10 * time.Minute)
		if a, b, c := m.alarm(alarmMemory), m.alarm(alarmNetwork), m.alarm(alarmUnsynced); a != step.memory || b != step.network || c != step.unsync {
			t.Errorf("step %d: memory %v, network %v, unsynchronised %v; want %v, %v, %v", i, a, b, c, step.memory, step.network, step.unsync)
		}
	}
}

func TestAUnitWithoutANetworkIsNotMissingOne(t *testing.T) {
	alone := fine()
	alone.network.ipv4 = notAvailable
	m := boot(t, 1, alone)
	m.clk.Run(time.Hour)
	if m.alarm(alarmNetwork) || m.shown("ipv4") != notAvailable {
		t.Errorf("alarm %v, ipv4 %v", m.alarm(alarmNetwork), m.shown("ipv4"))
	}
}

// With made-up readings of both clocks: the house's virtual one cannot jump.
func TestClockJumps(t *testing.T) {
	m := &Monitor{}
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		wall time.Time
		mono time.Duration
		want time.Duration
	}{
		{base, 0, 0},
		{base.Add(time.Minute), time.Minute, 0},
		{base.Add(2*time.Minute + 9*time.Second), 2 * time.Minute, 0},
		{base.Add(24 * time.Hour), 3 * time.Minute, 24*time.Hour - 3*time.Minute - 9*time.Second},
		{base.Add(24*time.Hour + time.Minute), 4 * time.Minute, 0},
		{base.Add(time.Minute), 5 * time.Minute, -24*time.Hour - time.Minute},
	} {
		if got := m.moved(step.wall, step.mono); got != step.want {
			t.Errorf("step %d: moved %v, want %v", i, got, step.want)
		}
	}
}

func TestIdentifyAndErrorCodesBlinkOnce(t *testing.T) {
	m := boot(t, 1, fine())
	if r := m.do(actors.Identify{}); r.Code != "not_fitted" {
		t.Errorf("without a status LED: %+v", r)
	}
	heard := m.devices(&protocol.RailRead{Err: hw.ErrAbsent}, &protocol.TemperatureRead{Err: hw.ErrAbsent})
	if r := m.do(actors.Identify{}); !r.OK || !slices.Contains(*heard, any(protocol.BlinkOnce{})) {
		t.Errorf("%+v, heard %v", r, *heard)
	}
	if r := m.do(actors.BlinkError{Code: 3}); !r.OK || !slices.Contains(*heard, any(protocol.BlinkOnce{Code: 3})) {
		t.Errorf("%+v, heard %v", r, *heard)
	}
	for _, code := range []int{-1, 0, 9} {
		if r := m.do(actors.BlinkError{Code: code}); r.Code != "out_of_range" {
			t.Errorf("code %d: %+v, want it refused", code, r)
		}
	}
}

func TestAlarmsOfOthersBlinkUntilTheyAreNoted(t *testing.T) {
	m := boot(t, 1, fine())
	heard := m.devices(&protocol.RailRead{Err: hw.ErrAbsent}, &protocol.TemperatureRead{Err: hw.ErrAbsent})
	shows := func() protocol.Codes { m.clk.Run(0); return (*heard)[len(*heard)-1].(protocol.ShowCodes).Codes }
	m.sys.Publish("", actors.Alarm{Name: "mqtt_unreachable", Active: true})
	m.sys.Publish("exp", actors.Alarm{Name: "stirring_stalled", Active: true})
	if got := shows(); got != (protocol.Codes{2: true, 4: true}) {
		t.Errorf("blinks %v, want 2 and 4", got)
	}
	m.sys.Publish("exp", actors.Alarm{Name: "stirring_stalled", Active: true, Acked: true})
	m.sys.Publish("exp", actors.Alarm{Name: "bottle_low", Active: true})
	if got := shows(); got != (protocol.Codes{2: true}) {
		t.Errorf("blinks %v, want 2", got)
	}
}

func TestButtonIsShownAndSaysTheStateAgain(t *testing.T) {
	m := boot(t, 1, fine())
	states := 0
	m.sys.Watch(func(f actors.Fact) {
		if s, ok := f.(actors.JobState); ok && s.Job == "monitor" && s.State == actors.Ready {
			states++
		}
	})
	for _, b := range []protocol.Button{{Down: true, Presses: 1}, {Down: true, Presses: 1}, {Presses: 1}} {
		m.sys.Publish("", b)
		m.clk.Run(0)
		if m.shown("button_down") != b.Down {
			t.Errorf("button_down %v, want %v", m.shown("button_down"), b.Down)
		}
	}
	if states != 1 {
		t.Errorf("one press said the state %d times, want once", states)
	}
}

func TestVersionsAreMergedByKey(t *testing.T) {
	m := boot(t, 1, fine())
	m.sys.Publish("", protocol.Board{Info: hw.Info{HAT: "1.2", Firmware: "0.5", HATSerial: "abc"}})
	m.clk.Run(0)
	set := func(text string) actors.Reply {
		return m.do(actors.Set{Values: []setting.Pair{{Name: "versions", Value: text}}})
	}
	if r := set(`{"app":"v9","colour":"blue"}`); !r.OK {
		t.Fatalf("%+v", r)
	}
	m.clk.Run(time.Hour)
	want := `{"app":"v9","hat":"1.2","firmware":"0.5","hat_serial":"abc","rpi_machine":"Raspberry Pi 4","timestamp":"2026-01-02T03:04:05.000Z"}`
	if got := m.shown("versions"); got != want {
		t.Errorf("versions %v, want %v", got, want)
	}
	for _, text := range []string{"v10", "[1]", `{"app":3}`} {
		if r := set(text); r.Code != "wrong_type" || !strings.Contains(r.Reason, "versions: want") {
			t.Errorf("%s: %+v, want it refused", text, r)
		}
	}
	if got := m.shown("versions"); got != want {
		t.Errorf("after refusals: versions %v, want %v", got, want)
	}
}

func TestNetworkFilesOfAPi(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	root := fstest.MapFS{
		"sys/class/net/lo/address":             file("00:00:00:00:00:00\n"),
		"sys/class/net/docker0/address":        file("02:42:00:00:00:01\n"),
		"sys/class/net/eth0/address":           file("d8:3a:dd:61:01:60\n"),
		"sys/class/net/eth0/device/uevent":     file(""),
		"sys/class/net/wlan0/address":          file("d8:3a:dd:61:01:59\n"),
		"sys/class/net/wlan0/device/uevent":    file(""),
		"sys/class/net/wlan0/phy80211/index":   file("0"),
		"sys/class/net/wlan1/address":          file("d8:3a:dd:61:01:58\n"),
		"sys/class/net/wlan1/device/uevent":    file(""),
		"sys/class/net/wlan1/wireless/present": file(""),
	}
	n, err := readMACs(root)
	if want := (network{notAvailable, "d8:3a:dd:61:01:59,d8:3a:dd:61:01:58", "d8:3a:dd:61:01:60"}); n != want || err != nil {
		t.Errorf("%+v, %v, want %+v", n, err, want)
	}
	if n, err = readMACs(fstest.MapFS{}); n.ethMAC != notAvailable || err != nil {
		t.Errorf("without the folder: %+v, %v", n, err)
	}
	for folder, want := range map[string]sync{"run/systemd/timesync/synchronized": synced, "run/systemd/timesync/other": drifting, "run/x": unknown} {
		if got := readSync(fstest.MapFS{folder: file("")}); got != want {
			t.Errorf("with %s: %v, want %v", folder, got, want)
		}
	}
}
