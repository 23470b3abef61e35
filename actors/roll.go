package actors

// Ping asks an actor whether its mailbox turns: the host answers, whatever the
// job is, so that no answer means that it hangs.
type Ping struct{}

// Roll is a roll call: it asks actors by Ping and knows when all have answered.
// One that is not running has answered. One that has failed, and waits for its
// restart with its outputs safe, is excused until it answers again. The zero
// Roll works; it belongs to one job, which has to subscribe to [OwnerGone] and
// to pass on each Reply and OwnerGone.
type Roll struct {
	asked   map[string]string // whose answer is missing, by name: the question's ID
	excused map[string]bool   // whether each of those ever called is
}

// Call asks names, those excepted whose last answer is still missing, and
// reports whether nobody is waited for.
func (r *Roll) Call(c *Context, names ...string) (all bool) {
	if r.asked == nil {
		r.asked, r.excused = map[string]string{}, map[string]bool{}
	}
	for _, name := range names {
		if _, known := r.excused[name]; !known {
			r.excused[name] = false
		}
		if r.asked[name] == "" {
			r.asked[name] = c.Ask(name, Ping{})
		}
	}
	return r.complete()
}

// Heard takes any message and reports whether it was the one that was waited
// for: nobody is missing any more.
func (r *Roll) Heard(msg any) (all bool) {
	switch msg := msg.(type) {
	case Reply:
		return r.answered(msg.ID)
	case OwnerGone:
		if excused, known := r.excused[msg.Owner]; known && !excused {
			r.excused[msg.Owner] = true
			return r.asked[msg.Owner] != "" && r.complete()
		}
	}
	return false
}

func (r *Roll) answered(id string) (all bool) {
	for name, asked := range r.asked {
		if asked == id {
			waited := !r.excused[name]
			delete(r.asked, name)
			r.excused[name] = false
			return waited && r.complete()
		}
	}
	return false
}

func (r *Roll) complete() bool {
	for name := range r.asked {
		if !r.excused[name] {
			return false
		}
	}
	return true
}
