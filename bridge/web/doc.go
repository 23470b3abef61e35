// Package web is the unit's HTTP API on a unix socket, and the client that the
// command line uses. Every wish becomes one actors.Command and gets one reply;
// what happens streams out as server-sent events.
//
// It refuses to decide anything: a job says what it accepts. It refuses users
// other than its own and root, bodies over 64 KiB and fields it does not know,
// and it never makes an actor wait.
//
//	s, err := web.Serve(web.Options{System: sys, Socket: "/run/user/1000/pioactor.sock"})
//	defer s.Close(ctx)
//	c, err := web.Dial("/run/user/1000/pioactor.sock")
//	status, err := c.Status(ctx)
package web
