package web

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// longestPath is what a socket address holds. Source: unix(7), sun_path.
const longestPath = 107

// listen makes the socket, mode 0600. A socket that a dead process left behind
// is replaced; one that answers is somebody's.
func listen(path string) (*net.UnixListener, error) {
	if path == "" || len(path) > longestPath {
		return nil, fmt.Errorf("web: socket path %q: want 1 to %d bytes", path, longestPath)
	}
	if err := clearStale(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("web: listen: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("web: socket: %w", err), l.Close())
	}
	return l, nil
}

func clearStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("web: socket: %w", err)
	case info.Mode()&os.ModeSocket == 0:
		return fmt.Errorf("web: socket path %s exists and is not a socket; choose another", path)
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		return errors.Join(fmt.Errorf("web: another node answers on %s", path), conn.Close())
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("web: stale socket: %w", err)
	}
	return nil
}

// peer is who is at the other end of a connection.
type peer struct {
	uid int
	err error
}

func (p peer) admitted() bool { return p.err == nil && (p.uid == 0 || p.uid == os.Geteuid()) }
