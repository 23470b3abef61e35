package cmd

import (
	"os"
	"runtime"
)

// share leaves a processor to the others on this computer, the broker above
// all, which answers for everything this unit says: actors hand each other
// small pieces of work, and two that pass them to and fro on all processors
// make the broker wait for longer than they gain. A second processor is for what
// must be on time, such as a pin that is toggled. Whoever sets GOMAXPROCS
// decides. What it returns takes that back.
func share() (unshare func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	before := runtime.GOMAXPROCS(min(max(runtime.NumCPU()-1, 1), 2))
	return func() { runtime.GOMAXPROCS(before) }
}
