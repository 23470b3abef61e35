package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
)

// session is one command talking to the running node.
type session struct {
	ctx  context.Context
	node *web.Client
	args []string
	*printer
}

// talk makes a command of do, which gets a session with the node.
func (g *globals) talk(do func(*session) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		node, err := g.connect(c.Context())
		if err != nil {
			return err
		}
		defer node.Close()
		return do(&session{c.Context(), node, args, g.printer(c)})
	}
}

// connect finds the node of the data folder.
func (g *globals) connect(ctx context.Context) (*web.Client, error) {
	dir, err := g.stateDir()
	if err != nil {
		return nil, err
	}
	socket, err := findSocket(dir)
	if err != nil {
		return nil, &noNode{err.Error()}
	}
	client, err := web.Dial(socket)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the node on %s belongs to another user; call this as that user or as root", dir)
	case errors.Is(err, web.ErrNoNode):
		return nil, &noNode{fmt.Sprintf("no node is running on %s; start one with `pioactor up`, or name its folder with --data-dir", dir)}
	case err != nil:
		return nil, err
	}
	if err := g.checkUnits(ctx, client); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// stateDir is the data folder of the node that is meant.
func (g *globals) stateDir() (string, error) {
	cfg, err := g.config()
	if err != nil {
		return "", err
	}
	return dataDir(g.dataDir, cfg)
}

// noNode is web.ErrNoNode in words that name the folder.
type noNode struct{ reason string }

// Error implements error.
func (e *noNode) Error() string { return strings.TrimPrefix(e.reason, "cmd: ") }

// Unwrap makes it a web.ErrNoNode.
func (e *noNode) Unwrap() error { return web.ErrNoNode }

// checkUnits refuses a unit that is not here.
func (g *globals) checkUnits(ctx context.Context, client *web.Client) error {
	if len(g.unit) == 0 {
		return nil
	}
	here, err := client.Status(ctx)
	if err != nil {
		return err
	}
	for _, name := range g.unit {
		if name != "all" && name != here.Unit {
			return &web.Error{Status: http.StatusNotFound, Code: "unknown_unit",
				Reason: fmt.Sprintf("%.60q is not a unit here; there is %s", name, here.Unit)}
		}
	}
	return nil
}

// errEnough ends a stream that has shown what it should.
var errEnough = errors.New("enough")

// follow runs a stream until it is enough or somebody presses Ctrl-C; both are
// no failure.
func (s *session) follow(stream func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(s.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := stream(ctx)
	switch {
	case errors.Is(err, errEnough), ctx.Err() != nil:
		return nil
	case err == nil:
		return errors.New("the node ended the stream: it is shutting down")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the node ended without a word: it was killed, or failed")
	}
	return err
}

// during shows on a terminal what takes its time, and how long it has, while
// work runs.
func (s *session) during(what string, work func() error) error {
	if !s.live {
		return work()
	}
	done := make(chan error, 1)
	go func() { done <- work() }()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	return progress(s.errs, what, ticker.C, done)
}

// progress repaints one line at every tick, and wipes it at the end.
func progress(w io.Writer, what string, ticks <-chan time.Time, done <-chan error) error {
	for seconds := 0; ; seconds++ {
		if _, err := fmt.Fprintf(w, "\r%s … %d s", what, seconds); err != nil {
			return errors.Join(err, <-done)
		}
		select {
		case err := <-done:
			_, failed := io.WriteString(w, "\r\x1b[K")
			return errors.Join(err, failed)
		case <-ticks:
		}
	}
}
