package cmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// manager is the service manager that has started this process, if any: systemd,
// or whoever else listens to sd_notify(3). The nil manager is none.
type manager struct {
	conn  *net.UnixConn
	limit time.Duration // without a sign of life, after which it restarts the process; 0: none
	signs chan struct{}
}

// openManager finds the service manager in the environment, and takes it out of
// there: what this process starts does not speak for it.
func openManager() (*manager, error) {
	socket := os.Getenv("NOTIFY_SOCKET")
	limit, err := watchdogLimit(os.Getenv("WATCHDOG_PID"), os.Getenv("WATCHDOG_USEC"))
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"} {
		err = errors.Join(err, os.Unsetenv(name))
	}
	if socket == "" || err != nil {
		return nil, err
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"}) // "@" is Linux's abstract namespace
	if err != nil {
		return nil, fmt.Errorf("cmd: NOTIFY_SOCKET: %w", err)
	}
	return &manager{conn: conn, limit: limit, signs: make(chan struct{}, 1)}, nil
}

// watchdogLimit reads what systemd's WatchdogSec comes to for this process.
func watchdogLimit(pid, usec string) (time.Duration, error) {
	if usec == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	n, err := strconv.ParseInt(usec, 10, 63)
	if err != nil || n < 1 || n > int64(24*time.Hour/time.Microsecond) {
		return 0, fmt.Errorf("cmd: WATCHDOG_USEC: want 1 µs to 24 h, got %.40q", usec)
	}
	return time.Duration(n) * time.Microsecond, nil
}

// tell sends assignments such as "READY=1". It waits a second at the most.
func (m *manager) tell(lines ...string) error {
	if m == nil {
		return nil
	}
	err := m.conn.SetWriteDeadline(time.Now().Add(time.Second))
	if err == nil {
		_, err = m.conn.Write([]byte(strings.Join(lines, "\n")))
	}
	if err != nil {
		return fmt.Errorf("cmd: tell the service manager: %w", err)
	}
	return nil
}

// watchdog asks the supervisors twice in the time that the manager waits.
func (m *manager) watchdog() watchdog {
	if m == nil || m.limit == 0 {
		return watchdog{}
	}
	return watchdog{interval: m.limit / 2, alive: func() {
		select {
		case m.signs <- struct{}{}:
		default: // one is under way
		}
	}}
}

// alive is where the supervisors' signs of life come out; nil without a manager.
func (m *manager) alive() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.signs
}

func (m *manager) close() error {
	if m == nil {
		return nil
	}
	return m.conn.Close()
}
