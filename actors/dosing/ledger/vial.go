package ledger

// These change the books because a person changed the vial. All are refused
// with a *[Refusal] while a dose is open, and a refusal changes nothing.

// OweWaste records ml of waste to drain before any further inflow. Only what
// stands above the efflux tube can be owed.
func (l Ledger) OweWaste(ml float64) (Ledger, error) {
	if !(ml >= 0 && ml <= MaxDoseML) {
		return l, refuse(Invalid, "owe %v mL of waste: want 0 to %v mL", ml, MaxDoseML)
	}
	l.OwedFor = ""
	return l.owe(l.OwedWasteML + ml), nil
}

// Sample takes ml out by hand; a syringe reaches below the efflux tube. It
// counts neither as waste nor as growth.
func (l Ledger) Sample(ml float64) (Ledger, error) {
	if r := l.idle("sample"); r != nil {
		return l, r
	}
	if !(ml > 0 && ml <= l.CurrentVolumeML) {
		return l, refuse(Invalid, "sample %v mL: want above 0 and at most the %.2f mL in the vial; if it holds more, set its volume first", ml, l.CurrentVolumeML)
	}
	l.CurrentVolumeML -= ml
	return l.owe(l.OwedWasteML), nil
}

// Swap is a fresh vial: volumes and counters start anew; doses already seen and
// the epoch stay known, so that a late command cannot reach the new vial.
func (l Ledger) Swap(volumeML, effluxML, altMediaFraction float64, lim Limits) (Ledger, error) {
	if r := l.idle("swap the vial"); r != nil {
		return l, r
	}
	fresh := Ledger{Vial: l.Vial, Epoch: l.Epoch, Seen: l.Seen, LastDoseAt: l.LastDoseAt}
	fresh, err := fresh.SetVolume(volumeML, lim)
	if err == nil {
		fresh, err = fresh.SetEfflux(effluxML, lim)
	}
	if err == nil {
		fresh, err = fresh.SetAltMediaFraction(altMediaFraction)
	}
	if err != nil {
		return l, err
	}
	return fresh, nil
}

// SetVolume states what the vial holds, 0 to its capacity. Above the fill limit
// too: then it is true and inflow is refused.
func (l Ledger) SetVolume(ml float64, lim Limits) (Ledger, error) {
	if err := l.settable("current_volume_ml", ml, lim); err != nil {
		return l, err
	}
	l.CurrentVolumeML = ml
	return l.owe(l.OwedWasteML), nil
}

// SetEfflux states the volume at the tip of the efflux tube, 0 to capacity.
func (l Ledger) SetEfflux(ml float64, lim Limits) (Ledger, error) {
	if err := l.settable("efflux_tube_volume_ml", ml, lim); err != nil {
		return l, err
	}
	l.EffluxTubeVolumeML = ml
	return l.owe(l.OwedWasteML), nil
}

// SetAltMediaFraction states the share of alt media, 0 to 1.
func (l Ledger) SetAltMediaFraction(fraction float64) (Ledger, error) {
	if r := l.idle("set alt_media_fraction"); r != nil {
		return l, r
	}
	if !(fraction >= 0 && fraction <= 1) {
		return l, refuse(Invalid, "alt_media_fraction %v: want 0 to 1", fraction)
	}
	l.AltMediaFraction = snap(fraction)
	return l, nil
}

// Acknowledge clears the alarm: a person has looked at the vial.
func (l Ledger) Acknowledge() Ledger {
	l.Alarm, l.NeedsHuman = "", false
	return l
}

// CheckGeometry tells whether a vial that is drained to its efflux tube has room
// for the largest sub-dose, in mL.
func (l Ledger) CheckGeometry(largestML float64, lim Limits) error {
	if err := lim.Validate(); err != nil {
		return err
	}
	if full := l.EffluxTubeVolumeML + largestML; !(full < lim.MaxFillML) {
		return refuse(Overfill, "efflux tube at %.2f mL plus a dose of %.2f mL is %.2f mL, the limit is below %.2f mL; lower the tube or the dose",
			l.EffluxTubeVolumeML, largestML, full, lim.MaxFillML)
	}
	return nil
}

func (l Ledger) settable(name string, ml float64, lim Limits) error {
	if err := lim.Validate(); err != nil {
		return err
	}
	if r := l.idle("set " + name); r != nil {
		return r
	}
	if !(ml >= 0 && ml <= lim.CapacityML) {
		return refuse(Invalid, "%s %v: want 0 to %v mL", name, ml, lim.CapacityML)
	}
	return nil
}

func (l Ledger) idle(what string) *Refusal {
	if l.Open.ID == "" {
		return nil
	}
	return refuse(Busy, "%s: dose %q is open; wait for it or stop it", what, l.Open.ID)
}
