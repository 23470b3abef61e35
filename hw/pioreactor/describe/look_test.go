package describe_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

var update = flag.Bool("update", false, "rewrite golden files")

// desk is a computer made of a folder, a list of who answers, and lines.
type desk struct {
	machine.Clock
	root     string
	answers  []uint16
	busErr   error // of opening the bus
	stuck    bool  // transactions time out
	held     int   // a line that another program holds
	linesErr error
	asked    []uint16
	opened   []int // lines
	closed   bool
}

func (d *desk) Root() string { return d.root }

func (d *desk) WriteFile(name string, _ []byte) error { return fmt.Errorf("%s was written", name) }

func (d *desk) I2C(number int) (i2c.BusCloser, error) {
	if number != 1 {
		return nil, fmt.Errorf("bus %d was opened", number)
	}
	return wire{d}, d.busErr
}

func (d *desk) Lines() (machine.Lines, error) { return header{d}, d.linesErr }

type wire struct{ *desk }

func (w wire) String() string                  { return "desk" }
func (w wire) SetSpeed(physic.Frequency) error { return errors.New("fixed") }
func (w wire) Close() error                    { w.closed = true; return nil }

func (w wire) Tx(address uint16, written, read []byte) error {
	if len(written) > 0 {
		return errors.New("something was written")
	}
	w.asked = append(w.asked, address)
	switch {
	case w.stuck:
		return errors.New("sysfs-i2c: connection timed out")
	case slices.Contains(w.answers, address):
		return nil
	}
	return syscall.ENXIO
}

type header struct{ *desk }

func (h header) Close() error { return nil }
func (h header) Output(pin int, high bool) (machine.OutputLine, error) {
	return nil, fmt.Errorf("output %d was asked for", pin)
}

func (h header) Input(pin int, _ machine.Pull, _ machine.Edges, _ func(machine.Edge)) (machine.InputLine, error) {
	if pin == h.held {
		return nil, fmt.Errorf("request: %w", syscall.EBUSY)
	}
	h.opened = append(h.opened, pin)
	return input{h.desk, pin}, nil
}

type input struct {
	*desk
	pin int
}

func (i input) High() (bool, error) { return false, nil }
func (i input) Close() error {
	i.opened = slices.DeleteFunc(i.opened, func(p int) bool { return p == i.pin })
	return nil
}

// open copies a computer of testdata, and makes the links that git and module
// archives do not carry.
func open(t *testing.T, name string, answers ...uint16) *desk {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", "machines", name))); err != nil {
		t.Fatal(err)
	}
	links, err := filepath.Glob(filepath.Join(root, "sys/class/pwm/*/device.link"))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		to, err := os.ReadFile(link)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../../../"+strings.TrimSpace(string(to)), strings.TrimSuffix(link, ".link")); err != nil {
			t.Fatal(err)
		}
	}
	return &desk{root: root, answers: answers}
}

func options(model, version string) describe.Options {
	return describe.Options{Model: model, ModelVersion: version, Heater: 5, User: describe.User{UID: 1000, Groups: []int{1000, 986, 988}}}
}

func hardware(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("testdata", "hardware", name))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var bothPWM = map[int]describe.PWM{1: {17, -1}, 2: {13, 1}, 3: {16, -1}, 4: {12, 0}, 5: {18, -1}}

func pico(channel int) describe.ADC {
	return describe.ADC{Driver: "pico", Address: 0x2C, Channel: channel}
}
func ads(channel int) describe.ADC {
	return describe.ADC{Driver: "ads1115", Address: 0x48, Channel: channel}
}
func own(address uint16) describe.ADC {
	return describe.ADC{Driver: "ads1114", Address: address}
}

// TestEveryBoardIsDescribed: the tables of Pioreactor 26.7.2 and CustoPiZer.
func TestEveryBoardIsDescribed(t *testing.T) {
	oldADC := map[string]describe.ADC{"pd1": ads(1), "pd2": ads(0), "version": ads(2), "aux": ads(3)}
	newADC := map[string]describe.ADC{"version": pico(0), "aux": pico(1), "pd1": pico(2), "pd2": pico(3)}
	optics := func(pds ...uint16) map[string]describe.ADC {
		m := map[string]describe.ADC{"version": pico(0), "aux": pico(1)}
		for i, a := range pds {
			m[fmt.Sprintf("pd%d", i+1)] = own(a)
		}
		return m
	}
	oldPins, newPins := describe.Pins{LED: 23, Button: 24, Hall: 25}, describe.Pins{LED: 23, Button: 4, Hall: 21}
	dac, rp := describe.LEDDriver{Driver: "dac43608", Address: 0x49}, describe.LEDDriver{Driver: "pico", Address: 0x2C}
	for _, c := range []struct {
		machine, model, version string
		answers                 []uint16
		adc                     map[string]describe.ADC
		led                     describe.LEDDriver
		pins                    describe.Pins
	}{
		{"pi4_hat10", "pioreactor_20ml", "1.0", []uint16{0x48, 0x49, 0x4F}, oldADC, dac, oldPins},
		{"pi4_hat10", "pioreactor_20ml", "1.1", []uint16{0x48, 0x49, 0x4F}, oldADC, dac, oldPins},
		{"pi4_hat10", "pioreactor_40ml", "1.0", []uint16{0x48, 0x49, 0x4F}, oldADC, dac, oldPins},
		{"zero2w_hat11", "pioreactor_20ml", "1.0", []uint16{0x2C, 0x4F}, newADC, rp, newPins},
		{"zero2w_hat11", "pioreactor_20ml", "1.1", []uint16{0x2C, 0x4F}, newADC, rp, newPins},
		{"pi5_hat12", "pioreactor_40ml", "1.0", []uint16{0x2C, 0x4F}, newADC, rp, newPins},
		{"zero2w_hat11", "pioreactor_20ml", "1.5", []uint16{0x2C, 0x48, 0x49, 0x4F}, optics(0x48, 0x49), rp, newPins},
		{"pi5_hat12", "pioreactor_20ml", "1.5", []uint16{0x2C, 0x49, 0x4A, 0x4F}, optics(0x49, 0x4A), rp, newPins},
		{"pi5_kernel66_hat12", "pioreactor_40ml", "1.5", []uint16{0x2C, 0x49, 0x4A, 0x4F}, optics(0x49, 0x4A), rp, newPins},
		{"pi5_hat12", "pioreactor_20ml_XR", "1.5", []uint16{0x2C, 0x48, 0x49, 0x4A, 0x4B, 0x4F}, optics(0x49, 0x4A, 0x4B, 0x48), rp, newPins},
		{"zero2w_hat11", "pioreactor_40ml_XR", "1.5", []uint16{0x2C, 0x48, 0x49, 0x4A, 0x4B, 0x4F}, optics(0x49, 0x4A, 0x4B, 0x48), rp, newPins},
	} {
		t.Run(c.machine+" "+c.model+" "+c.version, func(t *testing.T) {
			m := open(t, c.machine, c.answers...)
			got, found, err := describe.Look(m, options(c.model, c.version))
			if err != nil || found.Worst() != describe.OK || found.Err() != nil {
				t.Fatalf("%v\n%+v", err, found)
			}
			want := describe.Description{HAT: c.machine[len(c.machine)-2:][:1] + "." + c.machine[len(c.machine)-1:], Serial: "3b6f2d9e-7a51-4c0e-9d34-0c1a55e2b7aa",
				Model: c.model, ModelVer: c.version, Computer: got.Computer, Kernel: got.Kernel, Bus: 1, PWM: bothPWM, ADC: c.adc, LED: c.led, Thermometer: 0x4F, Pins: c.pins}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if !strings.HasPrefix(got.Computer, "Raspberry Pi ") || !strings.HasPrefix(got.Kernel, "6.") {
				t.Errorf("computer %q, kernel %q", got.Computer, got.Kernel)
			}
			if !m.closed || len(m.opened) > 0 {
				t.Errorf("bus closed %v, lines still held %v", m.closed, m.opened)
			}
			var back describe.Description
			if text, err := json.Marshal(got); err != nil || json.Unmarshal(text, &back) != nil || !reflect.DeepEqual(back, got) {
				t.Errorf("not the same after JSON: %+v, %v", back, err)
			}
		})
	}
}

// TestWhatIsFoundIsSaid: one trouble each, with its verdict and its next step.
func TestWhatIsFoundIsSaid(t *testing.T) {
	onHAT11 := []uint16{0x2C, 0x4F}
	for name, c := range map[string]struct {
		machine string
		model   string // with version; default pioreactor_20ml 1.1
		answers []uint16
		change  func(*desk, *describe.Options)
		verdict describe.Verdict
		err     error
		says    []string // in one finding
	}{
		"no overlay":          {machine: "pi3_no_overlay", answers: onHAT11, verdict: describe.Bad, says: []string{"PWM chip", "none", describe.Overlay}},
		"only the fan":        {machine: "pi5_fan_only", answers: onHAT11, verdict: describe.Bad, says: []string{"PWM chip", "none of the header's, 1 other in", describe.Overlay}},
		"no firmware":         {machine: "zero2w_hat11", answers: []uint16{0x4F}, verdict: describe.Bad, says: []string{"RP2040", "no answer", "load_rp2040"}},
		"old firmware":        {machine: "zero2w_hat11", answers: []uint16{0x30, 0x4F}, verdict: describe.Bad, says: []string{"0x30", "newer firmware"}},
		"no thermometer":      {machine: "zero2w_hat11", answers: []uint16{0x2C}, verdict: describe.Warn, says: []string{"TMP1075", "no heat"}},
		"loose HAT":           {machine: "pi4_hat10", answers: []uint16{0x49, 0x4F}, verdict: describe.Bad, says: []string{"ADS1115", "40 pins"}},
		"no EEPROM version":   {machine: "no_version", answers: onHAT11, verdict: describe.Bad, err: describe.ErrNoVersion, says: []string{"does not say", "cable", "1.1 or 1.2"}},
		"unwritten version":   {machine: "unwritten_version", answers: []uint16{0x48, 0x49}, verdict: describe.Bad, err: describe.ErrNoVersion, says: []string{`"0x0000"`, "may be 1.0"}},
		"garbled version":     {machine: "bad_version", verdict: describe.Bad, err: describe.ErrNoVersion, says: []string{`"0x00\xff\a"`, "printed on the HAT"}},
		"garbled EEPROM":      {machine: "garbled", verdict: describe.Bad, err: describe.ErrNoVersion, says: []string{`cannot be read: maker "Pi\xffr\x1bact"`, "cable"}},
		"another maker":       {machine: "other_maker", answers: []uint16{0x2C}, verdict: describe.Warn, err: describe.ErrNoHAT, says: []string{"another maker: Raspberry Pi"}},
		"no HAT":              {machine: "no_hat", verdict: describe.Warn, err: describe.ErrNoHAT, says: []string{"no EEPROM", "push it firmly"}},
		"chips and no EEPROM": {machine: "no_hat", answers: onHAT11, verdict: describe.Bad, err: describe.ErrNoHAT, says: []string{"answers at 0x2C, 0x4F", "hat_version"}},
		"laptop": {machine: "laptop", verdict: describe.Warn, err: describe.ErrNoHAT, says: []string{"computer", "kernel 6.1.0-28-amd64", "simulated"},
			change: func(m *desk, _ *describe.Options) { m.busErr = fs.ErrNotExist }},
		"person says the version": {machine: "no_version", answers: onHAT11, verdict: describe.OK, says: []string{"1.2, from hat_version"},
			change: func(_ *desk, o *describe.Options) { o.HATVersion = "1.2" }},
		"person and no EEPROM": {machine: "garbled", answers: onHAT11, verdict: describe.OK, says: []string{"1.1, from hat_version"},
			change: func(_ *desk, o *describe.Options) { o.HATVersion = "1.1" }},
		"person contradicts": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Warn, says: []string{"EEPROM says 1.1, hat_version in [pioreactor] says 1.2"},
			change: func(_ *desk, o *describe.Options) { o.HATVersion = "1.2" }},
		"no bus": {machine: "zero2w_hat11", verdict: describe.Bad, says: []string{"I2C bus", "not there", "dtparam=i2c_arm=on"},
			change: func(m *desk, _ *describe.Options) { m.busErr = fs.ErrNotExist }},
		"bus not permitted": {machine: "zero2w_hat11", verdict: describe.Bad, says: []string{"I2C bus", "this user may not", "usermod -aG i2c"},
			change: func(m *desk, _ *describe.Options) { m.busErr = fs.ErrPermission }},
		"stuck bus": {machine: "zero2w_hat11", verdict: describe.Bad, says: []string{"0x2C: sysfs-i2c: connection timed out", "holds the lines"},
			change: func(m *desk, _ *describe.Options) { m.stuck = true }},
		"line held": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Bad, says: []string{"GPIO 21 is held", "Pioreactor's own software"},
			change: func(m *desk, _ *describe.Options) { m.held = 21 }},
		"lines not permitted": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Bad, says: []string{"GPIO lines", "group gpio"},
			change: func(m *desk, _ *describe.Options) { m.linesErr = fs.ErrPermission }},
		"not in the groups": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Warn, says: []string{"not in i2c", "usermod -aG i2c $USER"},
			change: func(_ *desk, o *describe.Options) { o.User.Groups = []int{1000, 986} }},
		"root": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.OK, says: []string{"root, who needs none"},
			change: func(_ *desk, o *describe.Options) { o.User = describe.User{} }},
		"a node runs": {machine: "zero2w_hat11", model: "pioreactor_20ml 1.5", verdict: describe.Warn, says: []string{"photodiodes", "nobody could be asked"},
			change: func(_ *desk, o *describe.Options) { o.Unasked = "a node runs" }},
		"v1.5 on HAT 1.0":         {machine: "pi4_hat10", model: "pioreactor_20ml 1.5", answers: []uint16{0x48, 0x49, 0x4F}, verdict: describe.Bad, says: []string{"DAC43608 of HAT 1.0", "0x49", "HAT 1.1 or newer"}},
		"XR on HAT 1.0":           {machine: "pi4_hat10", model: "pioreactor_40ml_XR 1.5", answers: []uint16{0x48, 0x49, 0x4A, 0x4B, 0x4F}, verdict: describe.Bad, says: []string{"DAC43608 of HAT 1.0", "HAT 1.1 or newer"}},
		"v1.5 without its cable":  {machine: "pi5_hat12", model: "pioreactor_20ml 1.5", answers: onHAT11, verdict: describe.Bad, says: []string{"answering: none", "cable"}},
		"v1.5 and a stranger":     {machine: "pi5_hat12", model: "pioreactor_20ml 1.5", answers: []uint16{0x2C, 0x48, 0x49, 0x4A}, verdict: describe.Bad, says: []string{"0x48, 0x49, 0x4A", "models/pioreactor_20ml/1.5/adc.yaml"}},
		"v1.5, one diode silent":  {machine: "pi5_hat12", model: "pioreactor_20ml 1.5", answers: []uint16{0x2C, 0x4A, 0x4F}, verdict: describe.Bad, says: []string{"ADS1114 (pd1)", "no answer", "cable"}},
		"v1.5 set for an old one": {machine: "pi5_hat12", model: "pioreactor_20ml 1.5", answers: onHAT11, verdict: describe.Bad, says: []string{"model_version"}},
		"HAT of the future":       {machine: "new_hat", answers: onHAT11, verdict: describe.Bad, says: []string{"1.3", "1.0, 1.1, 1.2", "hats/1.3"}},
		"HAT of one's own": {machine: "new_hat", answers: onHAT11, verdict: describe.OK, says: []string{"hats/1.3/pwm.yaml"},
			change: func(_ *desk, o *describe.Options) { o.HardwareDir = "own_hat" }},
		"half a HAT of one's own": {machine: "new_hat", answers: onHAT11, verdict: describe.Bad, says: []string{"pwm_to_pin.5: is missing", "a whole number from 4 to 27"},
			change: func(_ *desk, o *describe.Options) { o.HardwareDir = "half_hat" }},
		"stock files": {machine: "zero2w_hat11", model: "pioreactor_20ml 1.5", answers: []uint16{0x2C, 0x49, 0x4A, 0x4F}, verdict: describe.OK, says: []string{"as the files say"},
			change: func(_ *desk, o *describe.Options) { o.HardwareDir = "stock" }},
		"stock files that err": {machine: "zero2w_hat11", model: "pioreactor_20ml 1.5", answers: []uint16{0x2C, 0x48, 0x49, 0x4F}, verdict: describe.Warn, says: []string{"pd1 at 0x48, pd2 at 0x49", "adc.yaml:7 says 0x4A for pd2"},
			change: func(_ *desk, o *describe.Options) { o.HardwareDir = "stock" }},
		"strange keys": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Warn, says: []string{"adc.yaml:1: pd1.adress means nothing"},
			change: func(_ *desk, o *describe.Options) { o.HardwareDir = "strange" }},
		"no such folder": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Bad, says: []string{"hardware_dir", "no such file", "leave it empty"},
			change: func(_ *desk, o *describe.Options) { o.HardwareDir = "nowhere" }},
		"folder of Pioreactor": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.OK, says: []string{"hats/1.1/adc.yaml"},
			change: func(_ *desk, o *describe.Options) { o.Dirs = []string{"/nowhere/at/all", "stock", "strange"} }},
		"no folder in its place": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Warn, says: []string{"half.yaml is not a folder: passed over", "hardware_dir"},
			change: func(m *desk, o *describe.Options) {
				o.Dirs = []string{filepath.Join(m.root, "half.yaml"), "layers"}
				if err := os.WriteFile(o.Dirs[0], nil, 0o600); err != nil {
					panic(err)
				}
			}},
		"heater elsewhere": {machine: "zero2w_hat11", answers: onHAT11, verdict: describe.Bad, says: []string{"5 in the hardware files, 1 in [pwm]"},
			change: func(_ *desk, o *describe.Options) { o.Heater = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, c.machine, c.answers...)
			model, version, given := strings.Cut(c.model, " ")
			if !given {
				model, version = "pioreactor_20ml", "1.1"
			}
			o := options(model, version)
			if c.change != nil {
				c.change(m, &o)
			}
			if o.HardwareDir != "" {
				o.HardwareDir = hardware(t, o.HardwareDir)
			}
			for i, dir := range o.Dirs {
				if !filepath.IsAbs(dir) {
					o.Dirs[i] = hardware(t, dir)
				}
			}
			_, found, err := describe.Look(m, o)
			if c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if found.Worst() != c.verdict {
				t.Errorf("verdict %s, want %s", found.Worst(), c.verdict)
			}
			if (found.Err() != nil) != (c.verdict == describe.Bad) {
				t.Errorf("Err() = %v with verdict %s", found.Err(), c.verdict)
			}
			if !slices.ContainsFunc(found, func(f describe.Finding) bool { return says(f, c.says) }) {
				t.Errorf("no finding says %q", c.says)
			}
			for _, f := range found {
				if f.Verdict != describe.OK && f.Do == "" || f.What == "" || f.Found == "" || f.Expected == "" {
					t.Errorf("half a finding: %+v", f)
				}
			}
			if t.Failed() {
				t.Logf("error %v, findings %+v", err, found)
			}
			if o.Unasked != "" && (len(m.asked) > 0 || len(m.opened) > 0) {
				t.Errorf("asked %v all the same", m.asked)
			}
		})
	}
}

func says(f describe.Finding, words []string) bool {
	text := fmt.Sprint(f.What, " ", f.Found, " ", f.Expected, " ", f.Do)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

func TestOnALaptopNobodyIsAsked(t *testing.T) {
	m := open(t, "laptop", 0x2C, 0x49, 0x4F)
	if _, _, err := describe.Look(m, options("pioreactor_20ml", "1.5")); !errors.Is(err, describe.ErrNoHAT) || len(m.asked) > 0 {
		t.Errorf("error %v, asked %v; the bus of another computer is none of our business", err, m.asked)
	}
}

// TestOnlyPioreactorsAddressesAreAsked: other chips on the bus are left alone.
func TestOnlyPioreactorsAddressesAreAsked(t *testing.T) {
	m := open(t, "zero2w_hat11", 0x2C, 0x48, 0x49, 0x4F)
	if _, _, err := describe.Look(m, options("pioreactor_20ml", "1.5")); err != nil {
		t.Fatal(err)
	}
	slices.Sort(m.asked)
	if want := []uint16{0x2C, 0x48, 0x49, 0x4A, 0x4F}; !slices.Equal(m.asked, want) {
		t.Errorf("asked % x, want % x, each once", m.asked, want)
	}
}

// TestTheBussOwnerIsAsked: with an owner of the bus given, it is not opened.
func TestTheBussOwnerIsAsked(t *testing.T) {
	m := open(t, "zero2w_hat11")
	m.busErr = errors.New("busy")
	o := options("pioreactor_20ml", "1.1")
	o.Bus = owner{0x2C, 0x4F}
	if _, found, err := describe.Look(m, o); err != nil || found.Worst() != describe.OK {
		t.Errorf("%v, %+v", err, found)
	}
}

type owner []uint16

func (o owner) Probe(address uint16) (bool, error) { return slices.Contains(o, address), nil }

func TestFittedAsksRatherThanSimulates(t *testing.T) {
	for name, want := range map[string]bool{
		"pi5_hat12": true, "zero2w_hat11": true, "no_version": true, "garbled": true, "new_hat": true,
		"no_hat": false, "other_maker": false, "laptop": false,
	} {
		root := open(t, name).root
		if got := describe.Fitted(root, describe.Config{}); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if !describe.Fitted(root, describe.Config{HATVersion: "1.1"}) {
			t.Errorf("%s: a person's word does not count", name)
		}
	}
}

func TestLayersWinKeyByKey(t *testing.T) {
	m := open(t, "pi5_hat12", 0x2C, 0x4E)
	o := options("pioreactor_40ml", "1.0")
	o.HardwareDir = hardware(t, "layers")
	d, found, err := describe.Look(m, o)
	if err != nil || found.Worst() != describe.OK {
		t.Fatalf("%v, %+v", err, found)
	}
	if d.PWM[1] != (describe.PWM{Pin: 27, Hardware: -1}) || d.PWM[2] != (describe.PWM{Pin: 13, Hardware: 1}) || d.Thermometer != 0x4E || d.ADC["pd1"] != pico(2) {
		t.Errorf("%+v", d)
	}
}

func TestPioreactorsOwnFilesSayWhatIsBuiltIn(t *testing.T) {
	answers := []uint16{0x2C, 0x49, 0x4A, 0x4F}
	o := options("pioreactor_20ml", "1.5")
	plain, _, err := describe.Look(open(t, "zero2w_hat11", answers...), o)
	if err != nil {
		t.Fatal(err)
	}
	o.HardwareDir = hardware(t, "stock")
	if stock, _, err := describe.Look(open(t, "zero2w_hat11", answers...), o); err != nil || !reflect.DeepEqual(stock, plain) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, stock, plain)
	}
}

// TestBadFilesAreExplained holds every rule of the files to its sentence.
func TestBadFilesAreExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		explained(t, filepath.Base(file), text)
	}
	explained(t, "temp.too_long.yaml", []byte("# "+strings.Repeat("x", 64<<10)))
}

func explained(t *testing.T, name string, text []byte) {
	t.Run(name, func(t *testing.T) {
		mod, _, _ := strings.Cut(name, ".")
		o := options("pioreactor_20ml", "1.1")
		o.HardwareDir = t.TempDir()
		path := filepath.Join(o.HardwareDir, "hats", "1.1", mod+".yaml")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			t.Fatal(err)
		}
		d, found, err := describe.Look(open(t, "zero2w_hat11", 0x2C, 0x4F), o)
		if err == nil || found.Worst() != describe.Bad || d.PWM != nil {
			t.Fatalf("accepted: %v, %+v, %+v", err, found, d)
		}
		got := strings.ReplaceAll(err.Error(), o.HardwareDir, "") + "\n"
		golden := filepath.Join("testdata", "bad", strings.TrimSuffix(name, ".yaml")+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func TestAFolderInTheFilesPlaceIsRefused(t *testing.T) {
	o := options("pioreactor_20ml", "1.1")
	o.HardwareDir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(o.HardwareDir, "hats", "1.1", "adc.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, _, err := describe.Look(open(t, "zero2w_hat11", 0x2C, 0x4F), o); err == nil || !strings.Contains(err.Error(), "adc.yaml: is not a file; mend it") {
		t.Errorf("error %v", err)
	}
}

func TestConfigForm(t *testing.T) {
	for c, want := range map[describe.Config]string{
		{}: "",
		{HardwareDir: "/etc/x", HATVersion: "1.2"}: "",
		{HardwareDir: "~/hardware"}:                `[pioreactor] hardware_dir: want a whole path from /, got "~/hardware"`,
		{HATVersion: "v1"}:                         `[pioreactor] hat_version: want two digits with a point between, such as 1.1, got "v1"`,
	} {
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

func ExampleFindings_Err() {
	found := describe.Findings{{What: "PWM chip", Found: "none", Expected: "one with 2 channels", Verdict: describe.Bad, Do: "add the line " + describe.Overlay}}
	fmt.Println(found.Err())
	// Output: PWM chip: none; want one with 2 channels; add the line dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4
}

var _ machine.Machine = (*desk)(nil)
