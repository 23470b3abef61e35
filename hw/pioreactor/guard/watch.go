package guard

import "time"

// What a parent writes into the pipe, after its orders. Anything else means
// nothing: neither that it lives nor that it leaves.
const (
	beat    = '.' // it lives
	leaving = 's' // its outputs are safe; it tidies up, and beats no more
	goodbye = 'q' // it leaves, and there is nothing to do
)

// How long a parent may be silent.
const (
	defaultSilence = 5 * time.Second
	// leavingFactor times as long it may tidy up: a shutdown takes 8 s in all.
	leavingFactor = 2
)

// verdict is what a guard has to do.
type verdict int

const (
	nothing verdict = iota
	depart          // the parent said goodbye
	act             // the parent is gone or hangs: see that it is dead, then make safe
)

// watch is what a guard knows of its parent. It is armed by the first beat:
// before that nothing can move, so a start may take its time; but also a
// parent that is gone before its first beat leaves outputs to be made safe.
type watch struct {
	limit  time.Duration // of silence; 0: not armed
	most   time.Duration // of silence once armed
	silent time.Duration
	ended  verdict // once it is not nothing, nothing changes it
}

func newWatch(silence time.Duration) watch { return watch{most: silence} }

// passed counts time. A guard that slept longer than it meant to was held up
// itself, and most likely its parent too: only the time that it meant to sleep,
// twice at the most, counts as silence. Somebody may have spoken in it: hear
// them before you judge.
func (w *watch) passed(slept, meant time.Duration) { w.silent += min(slept, 2*meant) }

// heard takes what the parent wrote.
func (w *watch) heard(bytes []byte) {
	for _, b := range bytes {
		switch b {
		case beat:
			w.silent = 0
			w.limit = max(w.limit, w.most)
		case leaving:
			w.silent, w.limit = 0, leavingFactor*w.most
		case goodbye:
			w.end(depart)
		}
	}
}

// closed takes the end of the pipe, or of the parent itself.
func (w *watch) closed() { w.end(act) }

// judge is what is to be done now.
func (w *watch) judge() verdict {
	if w.limit > 0 && w.silent >= w.limit {
		w.end(act)
	}
	return w.ended
}

// end has the first of two ends stand.
func (w *watch) end(v verdict) {
	if w.ended == nothing {
		w.ended = v
	}
}
