package fake

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	exportTakes   = 20 * time.Millisecond // until the kernel has made the channel's folder
	writableTakes = 40 * time.Millisecond // from then on until udev has changed its group
	pollEvery     = lookEvery             // of the files
)

// pwm is the kernel's PWM chip of the header. The files are the truth, for
// other processes write them too; what is here is what was last seen in them.
type pwm struct {
	folder   string // from Root on
	dir      string // on this computer
	count    int
	channels []kernelPWM
	due      time.Duration
	polled   time.Duration
}

// kernelPWM is one channel. Times are never when nothing is under way.
type kernelPWM struct {
	exported      bool
	appears       time.Duration // its folder
	writable      time.Duration // its files
	period, cycle int64         // ns
	enabled       bool
}

func newPWM(dir string, l layout) pwm {
	folder := l.Setup.chipFolder()
	p := pwm{folder: folder, dir: filepath.Join(dir, filepath.FromSlash(folder)), due: never}
	p.count, _ = strconv.Atoi(strings.TrimSpace(l.pwmChannels()))
	p.channels = make([]kernelPWM, p.count)
	for i := range p.channels {
		p.channels[i].appears = never
		_ = p.read(i)
	}
	return p
}

// read looks at a channel's files. A number that somebody is just writing
// leaves what was known, and is an error.
func (p *pwm) read(i int) error {
	c, dir := &p.channels[i], filepath.Join(p.dir, "pwm"+strconv.Itoa(i))
	enabled, err := readNumber(filepath.Join(dir, "enable"))
	if c.exported = !os.IsNotExist(err); !c.exported {
		*c = kernelPWM{appears: c.appears}
		return nil
	}
	if err == nil {
		c.enabled = enabled != 0
	}
	period, bad := readNumber(filepath.Join(dir, "period"))
	if bad == nil {
		c.period = period
	}
	cycle, worse := readNumber(filepath.Join(dir, "duty_cycle"))
	if worse == nil {
		c.cycle = cycle
	}
	return errors.Join(err, bad, worse)
}

// readNumber reads the first line of a file.
func readNumber(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
}

// percent is what the pin gets.
func (c kernelPWM) percent() float64 {
	if !c.exported || !c.enabled || c.period <= 0 {
		return 0
	}
	return min(max(float64(c.cycle)/float64(c.period)*100, 0), 100)
}

func (p *pwm) duty(i int) float64 {
	if i < 0 || i >= len(p.channels) {
		return 0
	}
	return p.channels[i].percent()
}

// pollPWM sees what was written past [Machine.WriteFile], by another process
// above all.
func (m *Machine) pollPWM() {
	p := &m.pwm
	if m.closed || m.at < p.polled+pollEvery {
		return
	}
	p.polled = m.at
	for _, name := range []string{"export", "unexport"} {
		file := filepath.Join(p.dir, name)
		if n, err := readNumber(file); err == nil && os.Truncate(file, 0) == nil {
			_ = m.port(name, n) // who wrote past the machine sees that nothing comes of it
		}
	}
	for i := range p.channels {
		before := p.channels[i].percent()
		_ = p.read(i) // the next look sees what is half written now
		if now := p.channels[i].percent(); now != before {
			m.driveKernel(i)
		}
	}
}

func (m *Machine) driveKernel(i int) {
	for channel, w := range m.layout.Wiring.PWM {
		if w.Hardware == i {
			m.drive(channel, m.pwm.duty(i))
		}
	}
}

// settlePWM makes the folders that are due.
func (m *Machine) settlePWM() {
	p := &m.pwm
	p.due = never
	for i := range p.channels {
		c := &p.channels[i]
		if c.appears > m.at {
			p.due = min(p.due, c.appears)
			continue
		}
		dir := filepath.Join(p.dir, "pwm"+strconv.Itoa(i))
		c.appears, c.writable = never, m.at+writableTakes
		for name, content := range map[string]string{"enable": "0\n", "period": "0\n", "duty_cycle": "0\n", "polarity": "normal\n"} {
			file := filepath.Join(dir, name)
			if _, err := os.Stat(file); err == nil {
				continue // another process was first
			}
			_ = put(file, content) // a file that is missing is what the driver meets
		}
		_ = p.read(i)
	}
}
