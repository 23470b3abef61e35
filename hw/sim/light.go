package sim

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// light is the optics' fixed draws and memory.
type light struct {
	channels []diode
	family   family
	random   random
	humPhase float64 // of a turn, at the twin's birth
	ir       int     // output index
}

// diode is one photodiode channel.
type diode struct {
	hw.Photodiode
	angle   string
	gain    float64 // V per unit of the angle's curve, this instrument's
	rotated float64 // 1, or what turning the vial made of it
	error   float64 // standardized error of the newest reading
	view    view    // of a modelled converter
}

func newLight(cfg Config) light {
	r := source(cfg.Seed, "optics")
	l := light{family: cfg.family(), random: r, humPhase: r.Float64()}
	l.ir, _ = ledOutput(cfg.IRLED)
	for _, key := range cfg.fitted() {
		number, _ := strconv.Atoi(key) // Validate has seen it
		d := diode{angle: cfg.Channels[key], rotated: 1, error: r.NormFloat64()}
		d.Photodiode = hw.Photodiode{Channel: number, FullScaleV: cfg.FullScaleV, Quiet: cfg.QuietADC}
		d.gain = cfg.gain(d.angle)
		if spread := math.Exp(cfg.GainSpread * r.NormFloat64()); d.angle != "REF" {
			d.gain *= spread
		}
		l.channels = append(l.channels, d)
	}
	return l
}

// rotate turns the vial in its holder: the first signal diode's gain changes
// by step, the others' by a random share of it.
func (l *light) rotate(step float64, r random) {
	share := 1.0
	for i := range l.channels {
		if d := &l.channels[i]; d.angle != "REF" {
			d.rotated = 1 + step*share
			share = 2*r.Float64() - 1
		}
	}
}

// scene is what a diode sees during one burst, before each sample's noise.
type scene struct {
	dark     float64 // V without IR: offset, stray light, other LEDs
	lit      float64 // V at this IR duty, warm
	warm     float64 // relative excess of the IR LED at the start
	bubbles  float64 // relative brightening at the start
	flicker  float64 // relative, per sample
	ripple   float64 // relative, once a turn
	turn     float64 // of the bar at the start
	hz       float64 // turns per second
	hum      float64 // V
	humTurn  float64 // mains phase at the start, of a turn
	humHz    float64
	read     float64 // V
	shot     float64 // √V
	step     float64 // V
	ceiling  float64 // V
	pinned   bool    // fault: always at the ceiling
	settling bool    // bubbles or a pump disturb this burst
}

const ledWarmS = 0.3 // an LED's junction warms within a second

// scene of diode d for a burst that starts now.
func (b *Board) scene(d *diode) scene {
	cfg := &b.cfg
	s := scene{
		dark: b.background(d.angle), read: cfg.ReadNoiseV, shot: cfg.ShotNoiseSqrtV,
		step: cfg.ADCStepV, ceiling: d.FullScaleV, pinned: b.faults.adcSaturated,
	}
	if !d.Quiet {
		s.hum, s.humHz = cfg.HumV+b.faults.humV, cfg.MainsHz
		s.humTurn = turns(cfg.MainsHz, b.age()) + b.light.humPhase
	}
	s.lit = d.gain * b.emission(b.light.ir)
	s.warm = cfg.WarmUp * math.Exp(-(b.at-b.onSince[b.light.ir]).Seconds()/ledWarmS)
	if d.angle == "REF" {
		s.lit *= 1 + b.faults.refDisplaced*b.vortex()
		if b.faults.refNoise > 0 {
			s.lit *= max(1+b.faults.refNoise*b.light.random.NormFloat64(), 0)
		}
		return s
	}
	s.lit *= d.rotated * b.scatter(d) * (1 + b.vortex())
	_, busy := b.speeds()
	if busy {
		s.flicker = cfg.PumpFlicker
	}
	s.bubbles = cfg.BubbleGain * b.bubbles
	s.settling = busy || s.bubbles > 1e-6
	if b.stirrer.rpm > 0 {
		s.ripple, s.turn, s.hz = cfg.StirRipple, b.stirrer.turn, b.stirrer.rpm/60
	}
	return s
}

// scatter is the value of the angle's curve for one reading, its error included.
func (b *Board) scatter(d *diode) float64 {
	const bareHolder = 0.2 // share of the blank's light that an empty holder throws back
	od := b.culture.od * b.culture.suspended
	e := b.light.family.next(b.light.random, &d.error, od)
	curve := response
	if b.cfg.Response == "linear" {
		curve = linear
	}
	if b.vial.removed {
		return bareHolder * curve(d.angle, 0)
	}
	return curve(d.angle, (od+e)*b.cfg.MgPerMLPerAU)
}

// background is V without IR.
func (b *Board) background(angle string) float64 {
	const (
		refShare = 0.1  // the reference diode sits behind the LED, in the dark
		openV    = 0.05 // room light through an empty holder
	)
	ambient := b.cfg.AmbientV + b.faults.ambientV
	if b.vial.removed {
		ambient += openV
	}
	if angle == "REF" {
		ambient *= refShare
	}
	v := b.cfg.DarkV + ambient
	if angle != "REF" && b.faults.afterglowV > 0 && b.duty[b.light.ir] == 0 {
		v += b.faults.afterglowV * math.Exp(-b.darkFor().Seconds()/afterglowS)
	}
	for led := ledOut; led < outputs; led++ {
		if led != b.light.ir {
			v += b.cfg.LeakV * b.emission(led)
		}
	}
	return v
}

const afterglowS = 3 // s; how a diode that was flooded comes back to dark, under the fault

// darkFor is how long the IR LED has been out, or would be if it were halted now.
func (b *Board) darkFor() time.Duration {
	if b.duty[b.light.ir] > 0 {
		return 0
	}
	return min(b.at-b.offAt[b.light.ir], longDark)
}

// vortex is the relative brightening by the vortex above the bar.
func (b *Board) vortex() float64 {
	const from = 1000 // rpm
	over := max(b.stirrer.rpm-from, 0) / from
	return b.cfg.VortexGain * over * over
}

// emission is an LED's light, 1 at 100 %, warm.
func (b *Board) emission(led int) float64 {
	aged := 1 + b.cfg.LEDDriftPerH*b.age().Hours()
	return b.duty[led] / 100 * max(aged, 0) * b.faults.ledLeft[led-ledOut]
}

// volts is the sample at t into the burst.
func (s *scene) volts(t float64, r random) float64 {
	if s.pinned {
		return s.ceiling
	}
	lit := s.lit
	if s.warm > 1e-9 {
		lit *= 1 + s.warm*math.Exp(-t/ledWarmS)
	}
	if s.settling {
		lit *= 1 + s.bubbles*math.Exp(-t/clearingS)*(1+0.5*r.NormFloat64()) + s.flicker*r.NormFloat64()
	}
	if s.ripple > 0 {
		lit *= 1 + s.ripple*math.Sin(2*math.Pi*(s.turn+s.hz*t))
	}
	v := s.dark + max(lit, 0)
	if sigma := math.Sqrt(s.read*s.read + s.shot*s.shot*v); sigma > 0 {
		v += sigma * r.NormFloat64()
	}
	if s.hum > 0 {
		v += s.hum * math.Sin(2*math.Pi*(s.humTurn+s.humHz*t))
	}
	return min(max(rounded(v, s.step), 0), s.ceiling)
}

// turns is the fraction of a turn that hz has made at an instant, kept small
// so that days of uptime do not cost precision.
func turns(hz float64, at time.Duration) float64 {
	whole, part := math.Modf(at.Seconds())
	return math.Mod(math.Mod(whole*hz, 1)+part*hz, 1)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
