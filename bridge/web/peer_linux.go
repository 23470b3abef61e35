package web

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// peerOf asks the kernel who connected. Source: unix(7), SO_PEERCRED.
func peerOf(conn net.Conn) peer {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return peer{err: fmt.Errorf("web: a %T has no peer", conn)}
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return peer{err: fmt.Errorf("web: peer: %w", err)}
	}
	var cred *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(err, failed); err != nil {
		return peer{err: fmt.Errorf("web: peer: %w", err)}
	}
	return peer{uid: int(cred.Uid)}
}
