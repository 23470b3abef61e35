package guard

import (
	"cmp"
	"encoding/json"
	"os"
	"time"
)

// Options say how a guard is started.
type Options struct {
	// Exe is the program; default: this one, also when its file was replaced.
	Exe string
	// Args have it call Serve.
	Args []string
	// Orders is what Serve's open gets: all that a guard has to know. At most 60 kB.
	Orders json.RawMessage
	// Silence after which the parent is taken for hung. Default 5 s; at least 10 ms.
	Silence time.Duration
	// Patience is how long the guard may take until it is armed. Default 10 s.
	Patience time.Duration
	// Stderr is where the guard tells what it did. Default: this process's.
	Stderr *os.File
}

func (o Options) withDefaults() Options {
	o.Exe = cmp.Or(o.Exe, "/proc/self/exe")
	o.Silence = cmp.Or(o.Silence, defaultSilence)
	o.Patience = cmp.Or(o.Patience, 10*time.Second)
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	return o
}
