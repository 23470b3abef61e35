package fake

import "maps"

// Traffic counts what drivers have done to a machine in this process.
type Traffic struct {
	Transactions map[uint16]int // on the bus, by address; failed ones too
	Writes       map[string]int // to the kernel's files, by name from Root on
	Levels       map[int]int    // driven, by line
	Edges        map[int]int    // heard, by line
}

func newTraffic() Traffic {
	return Traffic{map[uint16]int{}, map[string]int{}, map[int]int{}, map[int]int{}}
}

// Traffic is the count so far, with everything that is due by now.
func (m *Machine) Traffic() Traffic {
	m.enter()
	defer m.mu.Unlock()
	t := m.traffic
	return Traffic{maps.Clone(t.Transactions), maps.Clone(t.Writes), maps.Clone(t.Levels), maps.Clone(t.Edges)}
}
