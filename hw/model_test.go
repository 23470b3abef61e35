package hw_test

import (
	"strings"
	"testing"

	"github.com/pioactor/pioactor/hw"
)

func TestModelsHaveTheirHeatLimits(t *testing.T) {
	for key, want := range map[[2]string]hw.HeatLimits{
		{"pioreactor_20ml", "1.0"}:    {ReduceC: 63, DisableC: 65, ShutdownC: 66},
		{"pioreactor_20ml", "1.1"}:    {ReduceC: 78, DisableC: 80, ShutdownC: 85},
		{"pioreactor_40ml", "1.0"}:    {ReduceC: 78, DisableC: 80, ShutdownC: 85},
		{"pioreactor_40ml_XR", "1.5"}: {ReduceC: 78, DisableC: 80, ShutdownC: 85},
	} {
		m, err := hw.Model(key[0], key[1])
		if err != nil || m.Heat != want || m.Model != key[0] || m.Version != key[1] {
			t.Errorf("%v = %+v, %v; want heat limits %v", key, m, err, want)
		}
	}
	if m, err := hw.Model("pioreactor_20ml", ""); err != nil || m.Version != "1.5" {
		t.Errorf("no version = %+v, %v; want the newest", m, err)
	}
}

func TestUnknownModelNamesTheKnown(t *testing.T) {
	_, err := hw.Model("teapot", "")
	if err == nil || !strings.Contains(err.Error(), `"teapot": must be one of pioreactor_20ml, pioreactor_20ml_XR`) {
		t.Errorf("error = %v", err)
	}
	_, err = hw.Model("pioreactor_40ml", "1.1")
	if err == nil || !strings.Contains(err.Error(), `pioreactor_40ml has no version "1.1": must be one of 1.0, 1.5`) {
		t.Errorf("error = %v", err)
	}
}
