package sim

import (
	"errors"
	"io"
	"math"
	"reflect"
	"time"

	"github.com/pioactor/pioactor/hw"
)

// ReplayConfig says how a recording is played. Start from [DefaultReplayConfig].
// What has no TOML key the unit's other sections decide.
type ReplayConfig struct {
	// Model, Version, CapacityML and MaxFillML are what [hw.Info] reports. The
	// volumes follow from the model unless a program sets them.
	Model      string  `toml:"-"`
	Version    string  `toml:"-"`
	CapacityML float64 `toml:"-"`
	MaxFillML  float64 `toml:"-"`
	// IRLED is the channel, A to D, that must shine for a recorded value to be seen.
	IRLED       string  `toml:"-"`
	ConversionS float64 `toml:"conversion_s" unit:"s" min:"0" max:"1" help:"one conversion"`
	HumV        float64 `toml:"hum_v" unit:"V" min:"0" max:"1" help:"amplitude of mains hum added while the LED shines"`
	MainsHz     float64 `toml:"mains_hz" unit:"Hz" min:"45" max:"65" help:"mains frequency"`
	NoiseV      float64 `toml:"noise_v" unit:"V" min:"0" max:"1" help:"standard deviation of noise added to each sample while the LED shines"`
	Seed        uint64  `toml:"seed" help:"of that noise"`
}

// DefaultReplayConfig plays the recording as it is, on a 20 mL vial.
func DefaultReplayConfig() ReplayConfig {
	return ReplayConfig{
		Model: "pioreactor_20ml", Version: "1.5",
		IRLED: "A", ConversionS: 0.0015, MainsHz: 50, Seed: 1,
	}
}

// Validate reports every problem at once, each naming its TOML key.
func (c ReplayConfig) Validate() error {
	return errors.Join(fit(c.Model, &c.CapacityML, &c.MaxFillML), declared(reflect.ValueOf(c)),
		glass(c.CapacityML, c.MaxFillML), ledFitted(c.IRLED))
}

// Replay is a board whose photodiodes repeat a recording. Pumps and heater
// accept everything and move nothing; the stirrer turns ideally.
type Replay struct {
	panel
	cfg     ReplayConfig
	tracks  recording
	random  random
	ir      int
	origin  time.Duration // of the recording on the board's clock
	playing bool
	done    bool
	stirrer stirrer
	onS     [outputs]float64 // how long each output has been on
}

// NewReplay reads Pioreactor's od_readings as CSV. The first row is played at
// the first burst with the IR LED on; now is as for [New].
func NewReplay(rows io.Reader, cfg ReplayConfig, now func() time.Duration) (*Replay, error) {
	if now == nil {
		return nil, errors.New("sim: no clock: pass the house's monotonic now")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := fit(cfg.Model, &cfg.CapacityML, &cfg.MaxFillML); err != nil {
		return nil, err
	}
	tracks, err := readRecording(rows)
	if err != nil {
		return nil, err
	}
	r := &Replay{cfg: cfg, tracks: tracks, random: source(cfg.Seed, "replay")}
	r.ir, _ = ledOutput(cfg.IRLED)
	r.stirrer.cfg = StirringConfig{RPMPerPct: 500.0 / 30, InertiaS: 1e-3} // 500 rpm at 30 %, no friction
	r.wire(now, r.step, func(int) error { return nil })
	return r, nil
}

func (r *Replay) step(seconds float64) {
	r.stirrer.advance(r.at, seconds, r.duty[stirrerOut])
	for i, duty := range r.duty {
		if duty > 0 {
			r.onS[i] += seconds
		}
	}
}

// Rows is the number of recorded rows, all channels together.
func (r *Replay) Rows() int { return r.tracks.rows }

// Interval is the recording's spacing: the median time between two rows of one channel.
func (r *Replay) Interval() time.Duration { return r.tracks.interval }

// Done tells that a burst has reached the last row; it is repeated from then on.
func (r *Replay) Done() bool {
	r.enter()
	defer r.mu.Unlock()
	return r.done
}

// PumpOn is how long the pump wired to role has been on.
func (r *Replay) PumpOn(role hw.PumpRole) time.Duration {
	r.enter()
	defer r.mu.Unlock()
	if i, ok := pumpOutput(role); ok {
		return inSeconds(r.onS[i])
	}
	return 0
}

// burst plays the row that belongs to now.
func (r *Replay) burst(plan hw.Plan, channels []int) (hw.Burst, error) {
	for _, number := range channels {
		if number < 1 || number > 4 || r.tracks.volts[number] == nil {
			return hw.Burst{}, unknownChannel(number)
		}
	}
	burst, err := timeline(plan, len(channels), inSeconds(r.cfg.ConversionS))
	if err != nil || r.duty[r.ir] == 0 {
		return burst, err // dark: 0 V
	}
	if !r.playing {
		r.playing, r.origin = true, r.at
	}
	index := int64(math.Round(float64(r.at-r.origin) / float64(r.tracks.interval)))
	r.done = r.done || index >= r.tracks.last()
	hum := turns(r.cfg.MainsHz, r.at)
	for i, number := range channels {
		track := r.tracks.volts[number]
		v := track[min(index, int64(len(track)-1))]
		for k := range burst.Samples[i] {
			s := &burst.Samples[i][k]
			s.Volts = r.disturb(v, hum+r.cfg.MainsHz*s.At.Seconds())
		}
	}
	return burst, nil
}

// disturb adds what the configuration asks for at a phase of the mains, in turns.
func (r *Replay) disturb(v, phase float64) float64 {
	if r.cfg.HumV > 0 {
		v += r.cfg.HumV * math.Sin(2*math.Pi*phase)
	}
	if r.cfg.NoiseV > 0 {
		v += r.cfg.NoiseV * r.random.NormFloat64()
	}
	return max(v, 0)
}
