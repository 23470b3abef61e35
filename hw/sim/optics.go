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
	// "45", "90", "135", "180", or "" for a channel that is not fitted, which
	// removes a default that TOML has merged in. Default 1 REF, 2 90°.
	Channels map[string]string `toml:"channels"`
	// IRLED is the channel, A to D, of the infrared LED. Default A.
	IRLED string `toml:"ir_led"`
	// FullScaleV is where the converter clips. Default 3.3 V.
	FullScaleV float64 `toml:"full_scale_v"`
	// ADCStepV is one step of the converter. Default 7.8 µV: ADS1115, gain 16.
	ADCStepV float64 `toml:"adc_step_v"`
	// QuietADC says the converter averages hum away (ADS1114): none is then added.
	QuietADC bool `toml:"quiet_adc"`
	// ConversionS is one conversion. Default 1.5 ms.
	ConversionS float64 `toml:"conversion_s"`
	// Response is "scatter", the measured curves, or "linear": volts strictly
	// proportional to OD with the same slope near 1 AU. Default scatter.
	Response string `toml:"response"`
	// MgPerMLPerAU relates OD to the biomass of the curves. Default 0.35, as
	// of Escherichia coli.
	MgPerMLPerAU float64 `toml:"mg_per_ml_per_au"`
	// RefV and the GainV are volts at 100 % of IR: of the reference diode, and
	// per unit of the curves of each angle.
	RefV     float64 `toml:"ref_v"`
	Gain45V  float64 `toml:"gain_45_v"`
	Gain90V  float64 `toml:"gain_90_v"`
	Gain135V float64 `toml:"gain_135_v"`
	Gain180V float64 `toml:"gain_180_v"`
	// GainSpread is the standard deviation of ln(gain) between instruments,
	// drawn once from Seed for each channel. Default 0.071.
	GainSpread float64 `toml:"gain_spread"`
	// DarkV is read without any light. Default 0.002 V.
	DarkV float64 `toml:"dark_v"`
	// AmbientV is stray light on the signal diodes; a tenth reaches REF. Default 0.
	AmbientV float64 `toml:"ambient_v"`
	// LeakV is what each other LED at 100 % adds to every diode. Default 0.02 V.
	LeakV float64 `toml:"leak_v"`
	// WarmUp is how much brighter an LED is when just switched on, fading with
	// 0.3 s; LEDDriftPerH is its ageing. Default 0.002 and −1e-5 1/h.
	WarmUp       float64 `toml:"warm_up"`
	LEDDriftPerH float64 `toml:"led_drift_per_h"`
	// BubbleGain is how much brighter the signal is right after dosing; half of
	// it flickers. It fades with 6 s. Default 0.15.
	BubbleGain float64 `toml:"bubble_gain"`
	// PumpFlicker and StirRipple are the relative disturbance of each sample by
	// a running pump, and by the bar once a turn. Default 0.02 and 0.003.
	PumpFlicker float64 `toml:"pump_flicker"`
	StirRipple  float64 `toml:"stir_ripple"`
	// HumV and MainsHz: amplitude at each diode. Default 0.0005 V and 50 Hz.
	HumV    float64 `toml:"hum_v"`
	MainsHz float64 `toml:"mains_hz"`
}

func defaultOptics() OpticsConfig {
	return OpticsConfig{
		Channels: map[string]string{"1": "REF", "2": "90"}, IRLED: "A",
		FullScaleV: 3.3, ADCStepV: 7.8e-6, ConversionS: 0.0015,
		Response: "scatter", MgPerMLPerAU: 0.35,
		RefV: 0.25, Gain45V: 5, Gain90V: 6, Gain135V: 2, Gain180V: 20, GainSpread: 0.071,
		DarkV: 0.002, LeakV: 0.02, WarmUp: 0.002, LEDDriftPerH: -1e-5,
		BubbleGain: 0.15, PumpFlicker: 0.02, StirRipple: 0.003, HumV: 0.0005, MainsHz: 50,
	}
}

func (c OpticsConfig) validate() error {
	return errors.Join(c.validateChannels(), check(
		bound{"full_scale_v", c.FullScaleV, 0.1, 10},
		bound{"adc_step_v", c.ADCStepV, 0, 0.1},
		bound{"conversion_s", c.ConversionS, 0, 1},
		bound{"mg_per_ml_per_au", c.MgPerMLPerAU, 1e-3, 100},
		bound{"ref_v", c.RefV, 0, 10},
		bound{"gain_45_v", c.Gain45V, 0, 1000},
		bound{"gain_90_v", c.Gain90V, 0, 1000},
		bound{"gain_135_v", c.Gain135V, 0, 1000},
		bound{"gain_180_v", c.Gain180V, 0, 1000},
		bound{"gain_spread", c.GainSpread, 0, 1},
		bound{"dark_v", c.DarkV, 0, 1},
		bound{"ambient_v", c.AmbientV, 0, 10},
		bound{"leak_v", c.LeakV, 0, 10},
		bound{"warm_up", c.WarmUp, 0, 1},
		bound{"led_drift_per_h", c.LEDDriftPerH, -0.01, 0.01},
		bound{"bubble_gain", c.BubbleGain, 0, 10},
		bound{"pump_flicker", c.PumpFlicker, 0, 10},
		bound{"stir_ripple", c.StirRipple, 0, 1},
		bound{"hum_v", c.HumV, 0, 1},
		bound{"mains_hz", c.MainsHz, 45, 65},
	))
}

func (c OpticsConfig) validateChannels() error {
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
	if _, ok := ledOutput(c.IRLED); !ok {
		errs = append(errs, fmt.Errorf("sim: ir_led = %q: must be A, B, C or D", c.IRLED))
	}
	if c.Response != "scatter" && c.Response != "linear" {
		errs = append(errs, fmt.Errorf("sim: response = %q: must be scatter or linear", c.Response))
	}
	return errors.Join(errs...)
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
