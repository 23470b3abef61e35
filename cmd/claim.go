package cmd

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// claimable is hardware that nodes with other data folders would find too.
type claimable interface {
	// claim is the file whose lock its node holds.
	claim() string
}

// errDriven is wrapped where hardware has a node already.
var errDriven = errors.New("another pioactor drives the HAT")

// claim holds what was found against every other node, before anything about it
// is changed: two would switch off each other's pumps, and count doses that
// never were.
func claim(found any, patience time.Duration) (release func(), err error) {
	file := claimOf(found)
	if file == "" {
		return func() {}, nil
	}
	f, err := openClaim(file)
	if err != nil {
		return nil, err
	}
	err = awaitLock(f, patience)
	if errors.Is(err, errHeld) {
		err = fmt.Errorf("%w (it holds %s), with a data folder of its own; stop it: a HAT has one node", errDriven, file)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cmd: %w", err), f.Close())
	}
	return func() { f.Close() }, nil
}

// claimOf is the file to hold for what was found, empty for none.
func claimOf(found any) string {
	if c, shared := found.(claimable); shared {
		return c.claim()
	}
	return ""
}

func openClaim(file string) (*os.File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cmd: the HAT's lock: %w", err)
	}
	return f, nil
}
