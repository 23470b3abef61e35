package cmd

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// systemDataDir is where a unit that root started, or the service, keeps its state.
const systemDataDir = "/var/lib/pioactor"

// dataDir resolves where a node keeps its state: a flag, the config, the
// service manager's folder, the system's, or the user's.
func dataDir(flag string, cfg Config) (string, error) {
	for _, dir := range []string{flag, cfg.Unit.DataDir, os.Getenv("STATE_DIRECTORY")} {
		if dir != "" {
			return filepath.Abs(dir)
		}
	}
	if os.Geteuid() == 0 {
		return systemDataDir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("cmd: data folder: %w; name one with --data-dir", err)
	}
	return filepath.Join(home, ".local", "share", "pioactor"), nil
}

// lockTime is how long a node waits for the lock: the guard of one that was
// killed holds it for some milliseconds.
const lockTime = time.Second

// errHeld is wrapped by lock's error when somebody else has it.
var errHeld = errors.New("another pioactor runs")

// lock makes sure that one node alone runs on a data folder, and none while a
// guard makes safe what a dead one left. The kernel lets go of it when the
// process ends, however it ends.
func lock(dir string, patience time.Duration) (release func(), err error) {
	f, err := openLock(dir)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err = holdLock(f)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, errHeld) || time.Now().After(end) {
			return nil, errors.Join(fmt.Errorf("cmd: %w on %s; stop it, or name another folder with --data-dir", err, dir), f.Close())
		}
	}
}

func openLock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cmd: data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cmd: lock: %w", err)
	}
	return f, nil
}

// holdLock takes the lock, or returns errHeld.
func holdLock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// socketPath is the node's unix socket: in the runtime folder, because a path
// longer than 107 bytes cannot be bound, and told apart by the data folder.
func socketPath(dir string) string {
	h := fnv.New64a()
	h.Write([]byte(dir))
	name := fmt.Sprintf("pioactor-%x.sock", h.Sum64())
	runtime := os.Getenv("RUNTIME_DIRECTORY")
	if runtime == "" {
		runtime = os.Getenv("XDG_RUNTIME_DIR")
	}
	if runtime == "" {
		runtime = os.TempDir()
	}
	return filepath.Join(runtime, name)
}

// socketFile is where a node leaves its socket's path for the command line.
const socketFile = "socket"

func publishSocket(dir, socket string) error {
	if err := os.WriteFile(filepath.Join(dir, socketFile), []byte(socket+"\n"), 0o600); err != nil {
		return fmt.Errorf("cmd: %w", err)
	}
	return nil
}

// findSocket reads where the node on dir listens.
func findSocket(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, socketFile))
	if err != nil {
		return "", fmt.Errorf("cmd: no pioactor has run on %s; start one with `pioactor up`, or name its folder with --data-dir", dir)
	}
	return strings.TrimSpace(string(text)), nil
}
