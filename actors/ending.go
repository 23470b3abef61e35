package actors

// refuse ends an actor that may not start.
func (h *host) refuse(err error) {
	h.sys.logf(h, "error", "%v", err)
	h.end(err.Error())
}

// end stops the actor for good, of its own will.
func (h *host) end(reason string) {
	h.finish(Disconnected, reason)
	h.c.ctx.Stop(h.c.ctx.Self())
}

// stopping is the engine's word that the actor ends, whoever wished it.
func (h *host) stopping() {
	if h.parent() == nil {
		h.sys.state.rewrite() // the last chance
	}
	if why := h.life.lost(); why != "" {
		h.finish(Lost, why)
		return
	}
	h.finish(Disconnected, "")
}

// finish is the job's last turn, once: outputs safe, Stopping, silence. A panic
// in it would revive the actor (issue #214), so call catches it.
func (h *host) finish(state State, reason string) {
	if h.ending {
		return
	}
	h.ending = true
	h.release()
	if h.job != nil {
		if err := h.call(Stopping{Asked: h.life.asked}); err != nil {
			h.sys.logf(h, "error", "stopping: %v", err)
		}
	}
	h.silence()
	h.from, h.state, h.why = h.state, state, reason
}

func (h *host) stopped() {
	h.life.ended.Store(true)
	if h.parent() == nil {
		h.gone(&h.c)
		return
	}
	h.sys.keepEnded(h.life.pid.Id, h)
}

// childEnded has the job hear of a child's end, after all that the child said
// before, and then everybody else. Only now has the engine let go of the child.
func (h *host) childEnded(id string) {
	if child := h.sys.takeEnded(id); child != nil {
		h.c.ctx.Send(h.c.ctx.Self(), ChildState{child.spec.Name, child.state, child.why, child.life.asked})
		child.gone(&h.c)
	}
}

// gone is the very last of an actor, said by its parent if it has one: the name
// is free, so whoever learns of the end may start it again at once.
func (h *host) gone(by *Context) {
	h.sys.forget(h.life)
	h.tell(h.from)
	h.hideSettings()
	if h.state == Lost {
		h.raiseLost()
	}
	by.AnswerTo(h.asker, Reply{OK: true})
}

// keepEnded keeps the actor with PID id until its parent hears that it ended.
func (s *System) keepEnded(id string, h *host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[id] = h
}

func (s *System) takeEnded(id string) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.ended[id]
	delete(s.ended, id)
	return h
}

// release makes every output this actor holds safe. The devices hear of it
// before anything else happens, a restart included.
func (h *host) release() {
	h.letGo()
	h.sys.publish(h.spec.Experiment, OwnerGone{Owner: h.spec.Name})
}

// OwnerGone tells the devices that an actor failed, slept or ended: every
// output it held goes safe.
type OwnerGone struct {
	Meta
	Owner string `json:"owner"`
}

// silence cancels everything that could still call this incarnation.
func (h *host) silence() {
	for _, t := range h.timers {
		t.Stop()
	}
	h.timers = nil
	if h.tick != nil {
		h.tick.Stop()
		h.tick = nil
	}
	h.sys.bus.unsubscribe(h.life.pid)
}
