package fake

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// WriteFile writes to one of the kernel's files, as the kernel would take it:
// it refuses what no PWM can do, and the channel's actor follows at this instant.
func (m *Machine) WriteFile(name string, data []byte) error {
	m.enter()
	defer m.mu.Unlock()
	name = path.Clean(filepath.ToSlash(name))
	m.traffic.Writes[name]++
	err := m.fileFault(name)
	if err == nil {
		err = m.write(name, data)
	}
	if err != nil {
		return &os.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

func (m *Machine) write(name string, data []byte) error {
	inside, ok := strings.CutPrefix(name, m.pwm.folder+"/")
	if !ok {
		return m.overwrite(name, data)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if channel, file, nested := strings.Cut(inside, "/"); nested {
		i, bad := strconv.Atoi(strings.TrimPrefix(channel, "pwm"))
		if bad != nil || i < 0 || i >= m.pwm.count || !m.pwm.channels[i].exported {
			return syscall.ENOENT
		}
		if file == "polarity" {
			return polarity(string(data))
		}
		if err != nil {
			return syscall.EINVAL
		}
		return m.setPWM(i, file, n)
	}
	if err != nil {
		return syscall.EINVAL
	}
	return m.port(inside, n)
}

// polarity: the model's pins are never inverted.
func polarity(text string) error {
	if strings.TrimSpace(text) == "normal" {
		return nil
	}
	return syscall.EINVAL
}

// overwrite writes a file of the folder that is there.
func (m *Machine) overwrite(name string, data []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) || !strings.HasPrefix(name, "sys/") {
		return syscall.EACCES
	}
	file, err := os.OpenFile(filepath.Join(m.dir, filepath.FromSlash(name)), os.O_WRONLY, 0)
	if os.IsNotExist(err) {
		return syscall.ENOENT
	} else if err != nil {
		return err
	}
	defer file.Close()
	return rewrite(file, data)
}

// rewrite puts data first and cuts what is left of the old afterwards: a
// process killed in between leaves the new first line.
func rewrite(file *os.File, data []byte) error {
	if _, err := file.WriteAt(data, 0); err != nil {
		return err
	}
	return file.Truncate(int64(len(data)))
}

// port is a write to export or unexport.
func (m *Machine) port(name string, n int64) error {
	p := &m.pwm
	if n < 0 || n >= int64(p.count) {
		return syscall.ENODEV
	}
	c := &p.channels[n]
	switch name {
	case "export":
		if c.exported || c.appears != never {
			return syscall.EBUSY
		}
		c.appears = m.at + exportTakes
		p.due = min(p.due, c.appears)
		return nil
	case "unexport":
		if !c.exported {
			return syscall.ENODEV
		}
		if err := os.RemoveAll(filepath.Join(p.dir, fmt.Sprintf("pwm%d", n))); err != nil {
			return err
		}
		*c = kernelPWM{appears: never}
		m.driveKernel(int(n))
		return nil
	}
	return syscall.ENOENT
}

// setPWM is a write of n to a channel's file.
func (m *Machine) setPWM(i int, file string, n int64) error {
	c := m.pwm.channels[i]
	if m.at < c.writable {
		return syscall.EACCES
	}
	switch file {
	case "period":
		c.period = n
	case "duty_cycle":
		c.cycle = n
	case "enable":
		c.enabled = n == 1
		if n != 0 && n != 1 {
			return syscall.EINVAL
		}
	default:
		return syscall.ENOENT
	}
	idle := c.period == 0 && c.cycle == 0 && !c.enabled
	if !idle && (c.period <= 0 || c.cycle < 0 || c.cycle > c.period) {
		return syscall.EINVAL
	}
	name := filepath.Join(m.pwm.folder, "pwm"+strconv.Itoa(i), file)
	if err := m.overwrite(filepath.ToSlash(name), []byte(strconv.FormatInt(n, 10)+"\n")); err != nil {
		return err
	}
	before := m.pwm.channels[i].percent()
	m.pwm.channels[i] = c
	if c.percent() != before {
		m.driveKernel(i)
	}
	return nil
}
