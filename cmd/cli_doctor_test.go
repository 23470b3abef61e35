package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// labBench is a computer made of files, and of who answers on its bus; without
// answers there is no bus.
type labBench struct {
	machine.Clock
	root    string
	answers []uint16
}

func (b labBench) Root() string                   { return b.root }
func (b labBench) WriteFile(string, []byte) error { return errors.New("something was written") }
func (b labBench) Lines() (machine.Lines, error)  { return freeLines{}, nil }
func (b labBench) I2C(int) (i2c.BusCloser, error) {
	if b.answers == nil {
		return nil, fs.ErrNotExist
	}
	return labBus{b}, nil
}

type labBus struct{ labBench }

func (b labBus) String() string                  { return "bench" }
func (b labBus) Close() error                    { return nil }
func (b labBus) SetSpeed(physic.Frequency) error { return nil }
func (b labBus) Tx(address uint16, _, _ []byte) error {
	if slices.Contains(b.answers, address) {
		return nil
	}
	return syscall.ENXIO
}

type freeLines struct{ machine.Lines }

func (freeLines) Close() error { return nil }
func (freeLines) Input(int, machine.Pull, machine.Edges, func(machine.Edge)) (machine.InputLine, error) {
	return freeLine{}, nil
}

type freeLine struct{ machine.InputLine }

func (freeLine) Close() error { return nil }

// piFiles are those of a Raspberry Pi, with HAT 1.1 if it is there.
func piFiles(t *testing.T, hat bool) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"proc/device-tree/model":        "Raspberry Pi 4 Model B Rev 1.5\x00",
		"proc/sys/kernel/osrelease":     "6.12.47+rpt-rpi-v8\n",
		"sys/class/pwm/pwmchip0/npwm":   "2\n",
		"sys/class/pwm/pwmchip0/export": "",
	}
	if hat {
		files["proc/device-tree/hat/vendor"] = "Pioreactor Inc.\x00"
		files["proc/device-tree/hat/product_id"] = "0x0001\x00"
		files["proc/device-tree/hat/product_ver"] = "0x0011\x00"
		files["proc/device-tree/hat/uuid"] = "3b6f2d9e-7a51-4c0e-9d34-0c1a55e2b7aa\x00"
	}
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../../../fe20c000.pwm", filepath.Join(root, "sys/class/pwm/pwmchip0/device")); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestDoctorExplains holds what doctor says to the goldens testdata/doctor/NAME.
func TestDoctorExplains(t *testing.T) {
	old := func(c *Config) { c.Unit.ModelVersion = "1.1" }
	for name, c := range map[string]struct {
		hat     bool
		answers []uint16
		change  func(*Config)
		busy    string
		code    int
	}{
		"hat":             {hat: true, answers: []uint16{0x2C, 0x4F}, change: old},
		"hat_no_firmware": {hat: true, answers: []uint16{0x4F}, change: old, code: exitFailed},
		"hat_busy":        {hat: true, busy: "a node runs"},
		"hat_but_sim":     {hat: true, answers: []uint16{}, change: func(c *Config) { c.Unit.Hardware = "sim" }},
		"no_hat":          {},
		"no_hat_wanted":   {change: func(c *Config) { c.Unit.Hardware = "pioreactor" }, code: exitFailed},
		"no_eeprom":       {answers: []uint16{0x2C, 0x4F}, code: exitFailed},
		"own_word":        {answers: []uint16{0x2C, 0x4F}, change: func(c *Config) { old(c); c.Pioreactor.HATVersion = "1.1" }},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			if c.change != nil {
				c.change(&cfg)
			}
			d := diagnose(computerOf(t, c.hat, c.answers), cfg, c.busy)
			for i, f := range d.Findings { // depends on who runs the test
				if f.What == "groups of this user" {
					d.Findings[i] = describe.Finding{What: f.What, Found: "…", Expected: f.Expected, Verdict: describe.OK}
				}
			}
			var out, said bytes.Buffer
			err := (&printer{out: &out}).diagnosis(d)
			if (err != nil) != (c.code != exitDone) || d.OK != (c.code == exitDone) {
				t.Errorf("ok %v, error %v, want code %d", d.OK, err, c.code)
			}
			golden(t, filepath.Join("testdata", "doctor", name+".golden"), out.String())
			if err := (&printer{out: &said, json: true}).diagnosis(d); (err != nil) != (c.code != exitDone) {
				t.Errorf("as JSON: %v", err)
			}
			var back diagnosis
			if err := json.Unmarshal(said.Bytes(), &back); err != nil || back.OK != d.OK || len(back.Findings) != len(d.Findings) {
				t.Errorf("JSON %s: %v", said.String(), err)
			}
		})
	}
}

func computerOf(t *testing.T, hat bool, answers []uint16) machine.Machine {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DOT_PIOREACTOR", "")
	return labBench{root: piFiles(t, hat), answers: answers}
}

// TestDoctorWorksOnThisComputer whatever it is: one JSON value, and the exit
// code that belongs to it.
func TestDoctorWorksOnThisComputer(t *testing.T) {
	got := call("doctor", "--json", "--data-dir", t.TempDir())
	var d diagnosis
	if err := json.Unmarshal([]byte(got.out), &d); err != nil || d.Summary == "" || len(d.Findings) == 0 {
		t.Fatalf("%q: %v", got.out, err)
	}
	if want := map[bool]int{true: exitDone, false: exitFailed}[d.OK]; got.code != want || got.errs != "" {
		t.Errorf("code %d, want %d; errors %q", got.code, want, got.errs)
	}
}

// TestDoctorLeavesARunningNodeAlone: the bus is the node's.
func TestDoctorLeavesARunningNodeAlone(t *testing.T) {
	n := openFake(t)
	if got := n.call("doctor"); !strings.Contains(got.out, "not asked: a node runs") {
		t.Errorf("%+v", got)
	}
}

// TestAutoFindsAHAT and is the simulator without one.
func TestAutoFindsAHAT(t *testing.T) {
	for hat, want := range map[bool]string{true: "pioreactor", false: "sim"} {
		cfg := DefaultConfig()
		if got := cfg.settled(piFiles(t, hat)).hardware(); got != want {
			t.Errorf("HAT %v: %s, want %s", hat, got, want)
		}
		cfg.Unit.Hardware = "replay"
		if got := cfg.settled(piFiles(t, hat)).hardware(); got != "replay" {
			t.Errorf("a person's choice became %s", got)
		}
	}
}
