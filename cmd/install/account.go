package install

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Runner runs a command and waits for it; an error tells what it printed.
type Runner func(ctx context.Context, argv ...string) error

// Exec is the Runner of the real world.
func Exec(ctx context.Context, argv ...string) error {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("install: `%s`: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// The tasks: what is done by a command of the system, and can be undone by one.
const (
	taskGroup  = "group"  // make a group
	taskUser   = "user"   // make a user, in the group of its name: `userdel --prefix` would forget a group that useradd made
	taskEnable = "enable" // start the service at every boot
)

// task is one of them. The record on disk holds tasks and no commands.
type task struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// do is the command that does it.
func (in *Installer) do(t task) []string {
	switch t.Kind {
	case taskGroup:
		return append(in.prefixed("groupadd", "--prefix"), "--system", t.Name)
	case taskUser:
		return append(in.prefixed("useradd", "--prefix"), "--system", "--gid", t.Name, "--no-create-home",
			"--home-dir", in.opts.DataDir, "--shell", "/usr/sbin/nologin", t.Name)
	}
	return append(in.prefixed("systemctl", "--root"), "enable", t.Name)
}

// undo is the command that takes it back.
func (in *Installer) undo(t task) []string {
	switch t.Kind {
	case taskGroup:
		return append(in.prefixed("groupdel", "--prefix"), t.Name)
	case taskUser:
		return append(in.prefixed("userdel", "--prefix"), t.Name)
	}
	if in.live {
		return []string{"systemctl", "disable", "--now", t.Name}
	}
	return append(in.prefixed("systemctl", "--root"), "disable", t.Name)
}

// prefixed begins a command, and points it into the image.
func (in *Installer) prefixed(command, flag string) []string {
	if in.live {
		return []string{command}
	}
	return []string{command, flag, in.opts.Prefix}
}

// done reports whether it is so already.
func (in *Installer) done(t task) (bool, error) {
	switch t.Kind {
	case taskGroup:
		return in.listed("/etc/group", t.Name)
	case taskUser:
		return in.listed("/etc/passwd", t.Name)
	}
	return in.tree.exists(enabledPath), nil
}

// listed looks for the first field of a line.
func (in *Installer) listed(file, name string) (bool, error) {
	text, err := in.tree.text(file)
	for line := range strings.Lines(text) {
		if first, _, _ := strings.Cut(line, ":"); first == name {
			return true, nil
		}
	}
	return false, err
}

// members are a group's, by /etc/group.
func (in *Installer) members(group string) (string, error) {
	text, err := in.tree.text("/etc/group")
	for line := range strings.Lines(text) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) == 4 && fields[0] == group {
			return fields[3], nil
		}
	}
	return "", err
}

// reload makes the running system read what changed. An image has none.
func (in *Installer) reload() [][]string {
	if !in.live {
		return nil
	}
	return [][]string{
		{"systemctl", "daemon-reload"},
		{"udevadm", "control", "--reload"},
		{"udevadm", "trigger", "--subsystem-match=pwm", "--subsystem-match=gpio", "--subsystem-match=i2c-dev"},
	}
}
