package cmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
)

// What `pioactor status` and the screen of `pioactor up` say, in the same words.

// about is the one figure that says how a job is doing.
func about(j web.Job, st web.Status) string {
	switch {
	case j.State == actors.Disconnected || j.State == actors.Lost:
		return j.Reason
	case j.Name == "stirring" && st.Stirring != nil:
		return fmt.Sprintf("%.0f rpm", st.Stirring.RPM)
	case j.Name == "od_reading" && st.OD != nil:
		return odText(*st.OD)
	case j.Name == "growth_rate_calculating":
		return growthText(st)
	case j.Name == string(actors.Temperature):
		return temperatureText(j, st)
	case j.Automation != "":
		return automationText(j, st.Events)
	}
	return ""
}

func odText(all actors.ODReadings) string {
	var texts []string
	for _, r := range all.Readings {
		text := fmt.Sprintf("%.4g AU at %s°", r.Value, r.Angle)
		if r.Quality.Grade != actors.Good {
			text += fmt.Sprintf(" (%s: %s)", r.Quality.Grade, r.Quality.Reason)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func growthText(st web.Status) string {
	if st.GrowthRate == nil {
		return "warming up"
	}
	text := fmt.Sprintf("µ = %.3f 1/h", st.GrowthRate.PerH)
	if st.ODFiltered != nil {
		text += fmt.Sprintf(", normalized OD %.3g", st.ODFiltered.Value)
	}
	return text
}

// automationText is an automation's name and the last it did.
func automationText(j web.Job, events []actors.AutomationEvent) string {
	i := slices.IndexFunc(events, func(e actors.AutomationEvent) bool { return e.Job == j.Name })
	if i < 0 {
		return j.Automation
	}
	if events[i].Message == "" {
		return j.Automation
	}
	return j.Automation + ": " + events[i].Message
}

// temperatureText is the vial's temperature, its target, and the heater.
func temperatureText(j web.Job, st web.Status) string {
	text := j.Automation + ": measuring"
	if st.Temperature != nil {
		text = fmt.Sprintf("%s: %.1f ℃", j.Automation, st.Temperature.C)
	}
	if target, ok := j.Settings["target_temperature"].(float64); ok {
		text += fmt.Sprintf(", target %s ℃", number(target))
	}
	switch {
	case st.Heater != nil && st.Heater.Fault != "":
		text += ", no heat: " + st.Heater.Fault
	case st.HeaterDuty != nil:
		text += fmt.Sprintf(", heater at %s %%", number(st.HeaterDuty.Percent))
	}
	return text
}

// remark is one line about what is no job.
type remark struct{ what, text, colour string }

// overview is the vial, what it is fed from, and what people should remember.
func overview(st web.Status) []remark {
	var all []remark
	add := func(what, text, colour string) { all = append(all, remark{what, text, colour}) }
	if st.Vial != nil {
		add("vial", vialText(*st.Vial, st.Now), "")
	}
	if st.VialState != nil && st.VialState.Paused {
		add("paused", fmt.Sprintf("since %s: no dosing, no OD readings; go on with `pioactor vial resume`", st.VialState.Since.Local().Format("15:04")), yellow)
	}
	for _, a := range st.Actions {
		if a.State != actors.Disconnected {
			add("pump", a.Action+" is running", "")
		}
	}
	if text := bottlesText(st.Bottles); text != "" {
		add("bottles", text, "")
	}
	if st.DoseCheck != nil && st.DoseCheck.State != actors.CheckOK {
		add("doses", doseCheckText(*st.DoseCheck), yellow)
	}
	if l := st.LEDs; l != nil && (l.A > 0 || l.B > 0 || l.C > 0 || l.D > 0) {
		add("LEDs", fmt.Sprintf("A %s %%, B %s %%, C %s %%, D %s %%", number(l.A), number(l.B), number(l.C), number(l.D)), "")
	}
	if t := st.SelfTest; t != nil && !t.Running && t.Failed > 0 {
		add("test", fmt.Sprintf("%d of %d checks failed on %s; see `pioactor self-test --last`", t.Failed, t.Passed+t.Failed+t.Skipped,
			t.At.Local().Format("2006-01-02")), yellow)
	}
	return all
}

func doseCheckText(c actors.DoseCheck) string {
	if c.State == actors.CheckFailed {
		return "stopped by the dose check; look at the vial, then `pioactor alarms ack dose_check`"
	}
	return "not verified: " + c.Text
}

// bottlesText is what the declared bottles hold; empty when none is.
func bottlesText(b *actors.Bottles) string {
	if b == nil {
		return ""
	}
	var texts []string
	for _, one := range []struct {
		name string
		actors.Bottle
	}{{"media", b.Media}, {"alt media", b.AltMedia}, {"waste", b.Waste}} {
		if one.SizeML > 0 {
			texts = append(texts, fmt.Sprintf("%s %.0f of %.0f mL", one.name, one.ML, one.SizeML))
		}
	}
	return strings.Join(texts, ", ")
}

func vialText(v actors.Vial, now time.Time) string {
	text := fmt.Sprintf("%.2f mL, alt media %.3g %%, dilution rate %.3g 1/h, %.3g generations",
		v.VolumeML, 100*v.AltFraction, v.DilutionRatePerH, v.Generations)
	if !v.LastDose.IsZero() {
		text += fmt.Sprintf(", last dose %v ago", now.Sub(v.LastDose).Round(time.Second))
	}
	if v.OwedWasteML > 0 {
		text += fmt.Sprintf(", %.2f mL of waste still to remove", v.OwedWasteML)
	}
	return text
}
