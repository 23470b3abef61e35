package cmd

import "testing"

// TestModelDecidesWhatFits wherever [unit] stands in the file.
func TestModelDecidesWhatFits(t *testing.T) {
	const volumes = "[sim]\nvolume_ml = 30.0\ntrue_efflux_ml = 30.0\n[bioreactor]\ninitial_volume_ml = 30.0\nefflux_tube_volume_ml = 30.0\n"
	if _, err := ParseConfig("c.toml", volumes+"[unit]\nmodel = \"pioreactor_40ml\"\n"); err != nil {
		t.Errorf("30 mL in a 40 mL vial: %v", err)
	}
	if _, err := ParseConfig("c.toml", volumes); err == nil {
		t.Error("30 mL in a 20 mL vial is accepted")
	}
}
