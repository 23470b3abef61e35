package main

import "github.com/pioactor/pioactor/actors"

// souring pretends a probe in a culture that makes acid. Put yours in its
// place: whatever has ReadPH will do.
type souring struct{ ph float64 }

// ReadPH implements Probe.
func (s *souring) ReadPH() (float64, error) {
	s.ph = max(s.ph-0.001, 4.5)
	return s.ph, nil
}

func init() {
	probe := &souring{ph: 7}
	actors.Register(actors.Own, "ph_reading", func() actors.Job { return newPHReading(probe) })
}
