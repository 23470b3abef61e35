package chip

import "time"

// What the ADS1114 and the ADS1115 have in common. Datasheet SBAS444E
// (https://www.ti.com/lit/ds/symlink/ads1115.pdf), "Registers": conversion register,
// config register.
var (
	adsConversion = register{0x00, "conversion"} // signed, of the range
	adsConfig     = register{0x01, "config"}
)

// Bits of the config register.
const (
	adsStart  = 1 << 15 // OS: written, starts a single shot; read, no conversion is under way
	adsSingle = 1 << 8  // MODE: one conversion, then sleep
	adsRate   = 4 << 5  // DR: 128 conversions a second
	adsNoComp = 3       // COMP_QUE: no comparator
)

// The chip's clock may be 10 % off (datasheet, electrical characteristics, data
// rate variation).
const (
	adsPeriod  = time.Second / 128
	adsFastest = adsPeriod * 9 / 10
	adsSlowest = adsPeriod * 11 / 10
	// adsRenewed is when a reading is certainly of the configuration just written:
	// a continuous conversion under way is finished with the old one.
	adsRenewed = 2 * adsSlowest
)

const (
	// adsFullScaleV is the chip's supply on a HAT (inferred: it shares the Pi's bus
	// at 3.3 V), above which its inputs cannot go. Pioreactor 26.7.2 stops at 3.2 V.
	adsFullScaleV = 3.3
	// adsLowestV is below what offset and noise make of darkness: a single-ended
	// input cannot be there.
	adsLowestV = -0.02
	adsClipped = 0x7FFF
	adsTop     = 32767 // as Pioreactor 26.7.2 scales
)

// gainRange is one setting of the chip's amplifier.
type gainRange struct {
	v   float64 // full scale
	bit uint16  // PGA bits of the config register
}

// ranges from the widest to the finest; an index into it says a range.
var ranges = [...]gainRange{{6.144, 0 << 9}, {4.096, 1 << 9}, {2.048, 2 << 9}, {1.024, 3 << 9}, {0.512, 4 << 9}, {0.256, 5 << 9}}

const (
	widest = 0
	// A range is used up to this part of it (Pioreactor 26.7.2: 3.48, 1.741, 0.870,
	// 0.435, 0.2176 V) and taken again a little below, so that noise at
	// the border does not make it change with every reading.
	rangeUsed   = 0.85
	rangeReturn = 0.95
)

// nextRange is the finest range for an input at v, when range now measured it.
func nextRange(now int, v float64) int {
	for finest := len(ranges) - 1; finest > widest; finest-- {
		limit := rangeUsed * ranges[finest].v
		if finest > now {
			limit *= rangeReturn
		}
		if v < limit {
			return finest
		}
	}
	return widest
}

// adsVolts scales a conversion. No counts leave the drivers: they mean nothing
// in another range.
func adsVolts(raw int16, r int) float64 { return float64(raw) / adsTop * ranges[r].v }

// suspect reports readings that a chip gives that has lost its power (0), wires
// without a chip (-1), and a chip whose pointer has slipped (its configuration):
// worth asking twice.
func suspect(raw int16, config uint16) bool {
	return raw == 0 || raw == -1 || uint16(raw)&^adsStart == config&^adsStart
}
