package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// snapshotVersion is the layout of a snapshot; any other is refused.
const snapshotVersion = 1

// sealed is a snapshot as it is written. The checksum is of Twin's bytes.
type sealed struct {
	Version int             `json:"pioactor_twin"`
	CRC32   uint32          `json:"crc32"`
	Twin    json.RawMessage `json:"twin"`
}

// twin is the whole true state of a Board; what follows from the configuration
// is not in it, and outputs are not either: a new process starts with all at 0.
type twin struct {
	Identity identity      `json:"identity"`
	Age      time.Duration `json:"age_ns"`
	Culture  struct {
		ODAU        float64 `json:"od_au"`
		Substrate   float64 `json:"substrate_g_per_l"`
		Alt         float64 `json:"alt_media_fraction"`
		Ready       float64 `json:"readiness"`
		IC50        float64 `json:"ic50_alt_fraction"`
		Generations float64 `json:"generations"`
		Suspended   float64 `json:"suspended"`
	} `json:"culture"`
	Vial struct {
		VolumeML    float64 `json:"volume_ml"`
		OverflowML  float64 `json:"overflow_ml"`
		SpilledML   float64 `json:"spilled_ml"`
		WasteRoomML float64 `json:"waste_room_ml"`
		WasteOverML float64 `json:"waste_over_ml"`
	} `json:"vial"`
	Pumps   [len(hw.PumpRoles)]twinPump `json:"pumps"`
	Stirrer struct {
		RPM  float64 `json:"rpm"`
		Turn float64 `json:"turn"`
	} `json:"stirrer"`
	Heat struct {
		ExcessC float64 `json:"excess_c"`
		LeadC   float64 `json:"lead_c"`
	} `json:"heat"`
	Bubbles float64 `json:"bubbles"`
	// DarkFor is how long the IR LED has been out.
	DarkFor time.Duration `json:"dark_for_ns"`
	FrozenC *float64      `json:"frozen_c,omitempty"`
	// Errors are the diodes' standardized errors by channel.
	Errors map[int]float64   `json:"errors"`
	Random map[string][]byte `json:"random"`
	Faults []Fault           `json:"faults"`
}

// identity is what makes a twin another vial: nothing of it may differ. The
// wiring and the parameters may.
type identity struct {
	Seed       uint64  `json:"seed"`
	Model      string  `json:"model"`
	CapacityML float64 `json:"capacity_ml"`
}

type twinPump struct {
	BottleML float64   `json:"bottle_ml"`
	AirML    float64   `json:"air_ml"`
	Truth    PumpTruth `json:"truth"`
}

func (b *Board) identity() identity { return identity{b.cfg.Seed, b.cfg.Model, b.cfg.CapacityML} }

// Snapshot is the twin's whole true state now, for [Board.Restore] in a later
// process. It works on a closed board too.
func (b *Board) Snapshot() ([]byte, error) {
	b.enter()
	defer b.mu.Unlock()
	t, err := b.picture()
	if err != nil {
		return nil, fmt.Errorf("sim: snapshot: %w", err)
	}
	inner, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("sim: snapshot: %w", err)
	}
	return json.Marshal(sealed{snapshotVersion, crc32.ChecksumIEEE(inner), inner})
}

// Restore makes the twin what it was at the snapshot: time stood still since,
// every output is 0, and the tachometer counts from 0. Parameters are those of
// this board's configuration. A snapshot that is damaged, of another version or
// of another vial is refused and changes nothing.
func (b *Board) Restore(snapshot []byte) error {
	t, err := unseal(snapshot)
	if err != nil {
		return fmt.Errorf("sim: restore: %w; start with a new vial instead", err)
	}
	return b.read(func() error {
		streams, err := b.acceptable(&t)
		if err != nil {
			return fmt.Errorf("sim: restore: %w; start with a new vial instead", err)
		}
		b.become(&t, streams)
		return nil
	})
}

// unseal reads a snapshot's bytes.
func unseal(snapshot []byte) (t twin, err error) {
	var s sealed
	if err := json.Unmarshal(snapshot, &s); err != nil {
		return t, fmt.Errorf("not a snapshot of a twin: %w", err)
	}
	switch {
	case s.Version == 0:
		return t, errors.New("not a snapshot of a twin")
	case s.Version != snapshotVersion:
		return t, fmt.Errorf("the snapshot is of version %d, this program reads %d", s.Version, snapshotVersion)
	case crc32.ChecksumIEEE(s.Twin) != s.CRC32:
		return t, errors.New("the snapshot is damaged: its checksum does not fit")
	}
	if err := json.Unmarshal(s.Twin, &t); err != nil {
		return t, fmt.Errorf("the snapshot is damaged: %w", err)
	}
	return t, nil
}

// streams are the parts' random numbers, by part.
func (b *Board) streams() map[string]*rand.PCG {
	return map[string]*rand.PCG{"optics": b.light.random.pcg, "thermometer": b.thermo.random.pcg}
}

func (b *Board) picture() (t twin, err error) {
	t.Identity, t.Age, t.Bubbles, t.FrozenC = b.identity(), b.age(), b.bubbles, b.thermo.frozen
	t.DarkFor = b.darkFor()
	t.Errors = map[int]float64{}
	c, v := &b.culture, &b.vial
	t.Culture.ODAU, t.Culture.Substrate, t.Culture.Alt, t.Culture.Ready = c.od, c.substrate, c.alt, c.ready
	t.Culture.IC50, t.Culture.Generations, t.Culture.Suspended = c.ic50, c.generations, c.suspended
	t.Vial.VolumeML, t.Vial.OverflowML, t.Vial.SpilledML = v.volume, v.overflow, v.spilled
	t.Vial.WasteRoomML, t.Vial.WasteOverML = v.wasteRoom, v.wasteOver
	for i, p := range b.pumps {
		t.Pumps[i] = twinPump{p.bottle, p.air, p.truth}
	}
	t.Stirrer.RPM, t.Stirrer.Turn = b.stirrer.rpm, b.stirrer.turn
	t.Heat.ExcessC, t.Heat.LeadC = b.heat.excess, b.heat.lead
	for _, d := range b.light.channels {
		t.Errors[d.Channel] = d.error
	}
	t.Faults, t.Random = slices.Clone(b.faults.active), map[string][]byte{}
	for part, pcg := range b.streams() {
		if t.Random[part], err = pcg.MarshalBinary(); err != nil {
			return t, err
		}
	}
	return t, nil
}

// become cannot fail: t is acceptable. Faults come first, for the state that
// they touch when injected is in t as it has become since.
func (b *Board) become(t *twin, streams map[string]*rand.PCG) {
	b.renew()
	b.duty, b.status = [outputs]float64{}, 0
	b.offAt[b.light.ir] = b.at - t.DarkFor
	b.before = t.Age - b.at
	for _, f := range t.Faults {
		b.faults.active = append(b.faults.active, f)
		b.apply(f, true)
	}
	b.combine()
	c, v := &b.culture, &b.vial
	c.od, c.substrate, c.alt, c.ready = t.Culture.ODAU, t.Culture.Substrate, t.Culture.Alt, t.Culture.Ready
	c.ic50, c.generations, c.suspended = t.Culture.IC50, t.Culture.Generations, t.Culture.Suspended
	v.volume, v.overflow, v.spilled = t.Vial.VolumeML, t.Vial.OverflowML, t.Vial.SpilledML
	v.wasteRoom, v.wasteOver = t.Vial.WasteRoomML, t.Vial.WasteOverML
	for i, p := range t.Pumps {
		b.pumps[i].bottle, b.pumps[i].air, b.pumps[i].truth = p.BottleML, p.AirML, p.Truth
	}
	b.stirrer.rpm, b.stirrer.turn = t.Stirrer.RPM, t.Stirrer.Turn
	b.heat.excess, b.heat.lead = t.Heat.ExcessC, t.Heat.LeadC
	b.bubbles, b.thermo.frozen = t.Bubbles, t.FrozenC
	for i := range b.light.channels {
		d := &b.light.channels[i]
		if e, known := t.Errors[d.Channel]; known {
			d.error = e
		}
	}
	for part, pcg := range b.streams() {
		*pcg = *streams[part]
	}
}
