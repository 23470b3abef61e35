package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// OpticsConfig is the light path: LEDs, photodiodes, converter.
type OpticsConfig struct {
	// Channels says what each photodiode channel, "1" to "4", looks at: "REF",
	// "45", "90", "135", "180", or "" for a channel that is not fitted. The
	// unit's wiring decides. Default 1 REF, 2 90°.
	Channels map[string]string `toml:"-"`
	// IRLED is the channel, A to D, of the infrared LED; the wiring decides. Default A.
	IRLED       string  `toml:"-"`
	FullScaleV  float64 `toml:"full_scale_v" unit:"V" min:"0.1" max:"10" help:"where the converter clips"`
	ADCStepV    float64 `toml:"adc_step_v" unit:"V" min:"0" max:"0.1" help:"one step of the converter; an ADS1115 at gain 16 has 7.8 µV"`
	QuietADC    bool    `toml:"quiet_adc" help:"the converter averages hum away, as an ADS1114 does: none is added"`
	ConversionS float64 `toml:"conversion_s" unit:"s" min:"0" max:"1" help:"one conversion"`
	Response    string  `toml:"response" oneof:"scatter|linear" help:"scatter: the measured curves; linear: volts strictly proportional to OD"`
	// 0.35 is Escherichia coli's.
	MgPerMLPerAU float64 `toml:"mg_per_ml_per_au" unit:"mg/mL/AU" min:"1e-3" max:"100" help:"biomass of the curves for each AU"`
	RefV         float64 `toml:"ref_v" unit:"V" min:"0" max:"10" help:"the reference diode at 100 % of IR"`
	Gain45V      float64 `toml:"gain_45_v" unit:"V" min:"0" max:"1000" help:"volts per unit of the 45° curve at 100 % of IR"`
	Gain90V      float64 `toml:"gain_90_v" unit:"V" min:"0" max:"1000" help:"volts per unit of the 90° curve at 100 % of IR"`
	Gain135V     float64 `toml:"gain_135_v" unit:"V" min:"0" max:"1000" help:"volts per unit of the 135° curve at 100 % of IR"`
	Gain180V     float64 `toml:"gain_180_v" unit:"V" min:"0" max:"1000" help:"volts per unit of the 180° curve at 100 % of IR"`
	GainSpread   float64 `toml:"gain_spread" min:"0" max:"1" help:"standard deviation of ln(gain) between instruments, drawn once for each channel"`
	DarkV        float64 `toml:"dark_v" unit:"V" min:"0" max:"1" help:"read without any light"`
	AmbientV     float64 `toml:"ambient_v" unit:"V" min:"0" max:"10" help:"stray light on the signal diodes; a tenth reaches REF"`
	LeakV        float64 `toml:"leak_v" unit:"V" min:"0" max:"10" help:"what each other LED at 100 % adds to every diode"`
	WarmUp       float64 `toml:"warm_up" min:"0" max:"1" help:"how much brighter an LED is when just switched on, fading with 0.3 s"`
	LEDDriftPerH float64 `toml:"led_drift_per_h" unit:"1/h" min:"-0.01" max:"0.01" help:"ageing of the LEDs"`
	BubbleGain   float64 `toml:"bubble_gain" min:"0" max:"10" help:"how much brighter the signal is right after dosing, half of it flicker, fading with 6 s"`
	PumpFlicker  float64 `toml:"pump_flicker" min:"0" max:"10" help:"relative disturbance of each sample by a running pump"`
	StirRipple   float64 `toml:"stir_ripple" min:"0" max:"1" help:"relative disturbance once a turn of the bar"`
	// The bar's vortex reaches into the light above 1000 rpm, and brightens what it throws back.
	VortexGain float64 `toml:"vortex_gain" min:"0" max:"1" help:"relative rise of the signal at 2000 rpm; it grows with the square of the speed above 1000 rpm"`
	HumV       float64 `toml:"hum_v" unit:"V" min:"0" max:"1" help:"amplitude of mains hum at each diode"`
	MainsHz    float64 `toml:"mains_hz" unit:"Hz" min:"45" max:"65" help:"mains frequency"`
}

func defaultOptics() OpticsConfig {
	return OpticsConfig{
		Channels: map[string]string{"1": "REF", "2": "90"}, IRLED: "A",
		FullScaleV: 3.3, ADCStepV: 7.8e-6, ConversionS: 0.0015,
		Response: "scatter", MgPerMLPerAU: 0.35,
		RefV: 0.25, Gain45V: 5, Gain90V: 6, Gain135V: 2, Gain180V: 20, GainSpread: 0.071,
		DarkV: 0.002, LeakV: 0.02, WarmUp: 0.002, LEDDriftPerH: -1e-5,
		BubbleGain: 0.15, PumpFlicker: 0.02, StirRipple: 0.003, VortexGain: 0.02, HumV: 0.0005, MainsHz: 50,
	}
}

func (c OpticsConfig) validate() error {
	var errs []error
	if len(c.fitted()) == 0 {
		errs = append(errs, errors.New("sim: channels is empty: a board has photodiodes"))
	}
	for _, key := range sortedKeys(c.Channels) {
		if n, err := strconv.Atoi(key); err != nil || n < 1 || n > 4 || strconv.Itoa(n) != key {
			errs = append(errs, fmt.Errorf("sim: channels: channel %q: must be 1 to 4", key))
		}
		switch c.Channels[key] {
		case "REF", "45", "90", "135", "180", "":
		default:
			errs = append(errs, fmt.Errorf("sim: channels: channel %s looks at %q: must be REF, 45, 90, 135 or 180", key, c.Channels[key]))
		}
	}
	return errors.Join(append(errs, ledFitted(c.IRLED))...)
}

func ledFitted(channel string) error {
	if _, ok := ledOutput(channel); !ok {
		return fmt.Errorf("sim: IR LED on channel %q: must be A, B, C or D", channel)
	}
	return nil
}

// fitted lists the keys of the fitted channels in ascending order.
func (c OpticsConfig) fitted() []string {
	return slices.DeleteFunc(sortedKeys(c.Channels), func(key string) bool { return c.Channels[key] == "" })
}

// gain is volts per unit of the curve of angle, at 100 % of IR.
func (c OpticsConfig) gain(angle string) float64 {
	switch angle {
	case "REF":
		return c.RefV
	case "45":
		return c.Gain45V
	case "90":
		return c.Gain90V
	case "135":
		return c.Gain135V
	default:
		return c.Gain180V
	}
}

// response is the curve of angle at mg/mL of biomass. Source: median of five
// instruments over eleven standards of the Pioreactor angle dataset (MIT),
// fitted as b + s·c^p/(1+(c/c0)^q); rms error of ln V: 0.14 at 90°, 0.08 at 135°.
func response(angle string, mg float64) float64 {
	mg = max(mg, 0)
	switch angle {
	case "45":
		return tabulated(mg)
	case "90":
		return 0.00054 + 0.0927*math.Pow(mg, 1.127)/(1+math.Pow(mg/5.62, 2.20))
	case "135":
		return 0.0120 + 1.681*math.Pow(mg, 1.132)/(1+math.Pow(mg/1.417, 2.61))
	default: // 180: flat within 1 %, it carries no density
		return 0.07
	}
}

// linear is proportional to biomass; its slope is the curve's mean slope up to 0.35 mg/mL.
func linear(angle string, mg float64) float64 {
	const at = 0.35 // mg/mL; 1 AU by default
	return max(mg, 0) / at * response(angle, at)
}

// standards45 are mg/mL and the median 45° reading, which no closed form fits
// within 10 %.
var standards45 = [...][2]float64{
	{0, .0363}, {.0199, .0363}, {.05, .0521}, {.1256, .0596}, {.3155, .0695},
	{.7924, .0695}, {3.155, .1332}, {12.56, .470}, {50, .372},
}

// tabulated interpolates standards45 linearly and holds its ends.
func tabulated(mg float64) float64 {
	for i := 1; i < len(standards45); i++ {
		a, b := standards45[i-1], standards45[i]
		if mg <= b[0] {
			return a[1] + (b[1]-a[1])*(mg-a[0])/(b[0]-a[0])
		}
	}
	return standards45[len(standards45)-1][1]
}
