package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/dosing/ledger"
	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/hw"
)

// judge looks at everything that happened since the kill.
func (v *victim) judge(before ledger.Ledger, poked bool) {
	v.t.Helper()
	v.mustBalance(before, poked)
	v.mustDrainFirst(before, poked)
	for key, want := range v.kept {
		if got := v.state(key); !bytes.Equal(got, want) {
			v.t.Errorf("%s = %s, was %s before the kill", key, got, want)
		}
	}
	if got := v.setting("stirring", "target_rpm"); got != changedRPM {
		v.t.Errorf("target_rpm = %v, was set to %v before the kill", got, changedRPM)
	}
	raised := slices.ContainsFunc(v.status().Alarms, func(a actors.Alarm) bool { return a.Name == "dose_interrupted" })
	if before.Open.ID != "" && !poked && !raised {
		v.t.Error("a dose was cut off and there is no alarm")
	}
}

// mustBalance compares the books: as before, or with an open inflow counted at
// its worst.
func (v *victim) mustBalance(before ledger.Ledger, poked bool) {
	v.t.Helper()
	low, high := before.CumulativeMediaAddedML, before.CumulativeMediaAddedML
	if before.Open.Pump == hw.Media {
		low, high = low+before.Open.ML, high+before.Open.WorstCaseML
	}
	if poked {
		low, high = low+pokeML, high+pokeML+0.3 // the pump stops at a deadline: what it moved until then counts
		bridgetest.Eventually(v.t, slow, "the media asked for are in", func() bool { return v.vial().MediaML >= low-1e-9 })
	}
	low = max(low, v.mediaML)
	if got := v.vial().MediaML; got < low-1e-9 || got > high+1e-9 {
		v.t.Errorf("%.3f mL of media in the books after the kill, want %.3f to %.3f: %.3f before, open %+v, %.3f reported",
			got, low, high, before.CumulativeMediaAddedML, before.Open, v.mediaML)
	}
	if got := v.vial(); got.WasteML < before.CumulativeWasteRemovedML-1e-9 || got.AltMediaML != before.CumulativeAltMediaAddedML {
		v.t.Errorf("waste %.3f and alt media %.3f mL, were %.3f and %.3f before the kill",
			got.WasteML, got.AltMediaML, before.CumulativeWasteRemovedML, before.CumulativeAltMediaAddedML)
	}
}

// The GPIO pins of the pumps, as pwms/dc names them.
const (
	mediaPin, altMediaPin, wastePin = "13", "16", "12"
)

// mustDrainFirst looks at the pumps: nothing is pumped in that nobody asked
// for, and nothing at all while waste is owed.
func (v *victim) mustDrainFirst(before ledger.Ledger, poked bool) {
	v.t.Helper()
	owing := before.OwedWasteML > 0
	for _, m := range v.heard.Messages() {
		switch {
		case m.Topic == base+"pwms/dc" && m.Payload != "":
			duty := dutyOf(m.Payload)
			if owing = owing && duty[wastePin] == 0; duty[mediaPin] > 0 && (owing || !poked) || duty[altMediaPin] > 0 {
				v.t.Errorf("after the kill a pump runs, owed waste %v, asked for %v: %s", owing, poked, m.Payload)
			}
		case m.Topic == base+"dosing_events" && strings.Contains(m.Payload, `"event":"add_`) && !poked && before.Open.Pump != hw.Media:
			v.t.Errorf("the restart caused %s", m.Payload)
		}
	}
}

// dutyOf reads pwms/dc, in % by pin; nothing of what is not one.
func dutyOf(payload string) map[string]float64 {
	duty := map[string]float64{}
	if json.Unmarshal([]byte(payload), &duty) != nil {
		return nil
	}
	return duty
}
