package sim

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/pioactor/pioactor/hw"
)

func TestDefaultsAreValid(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	if err := DefaultReplayConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigIsFlatInTOML(t *testing.T) {
	var got struct{ Sim Config }
	got.Sim = DefaultConfig()
	meta, err := toml.Decode(`
		[sim]
		seed = 7
		mu_max_per_h = 1.5
		true_efflux_ml = 14.0
		rpm_per_pct = 20.0
		room_c = 20.0
		response = "linear"
		noise = "noisy"
		absent = ["heater"]`, &got)
	if err != nil {
		t.Fatal(err)
	}
	if left := meta.Undecoded(); len(left) > 0 {
		t.Errorf("not decoded: %v", left)
	}
	want := DefaultConfig()
	want.Seed, want.MuMaxPerH, want.TrueEffluxML, want.RPMPerPct, want.RoomC = 7, 1.5, 14, 20, 20
	want.Response, want.Noise, want.Absent = "linear", "noisy", []string{"heater"}
	if !reflect.DeepEqual(got.Sim, want) {
		t.Errorf("got %+v\nwant %+v", got.Sim, want)
	}
}

// What other sections decide cannot be contradicted here.
func TestSharedFactsHaveNoKey(t *testing.T) {
	const text = `
		channels = { 1 = "90" }
		model = "pioreactor_40ml"
		version = "1.0"
		ir_led = "B"
		capacity_ml = 100.0
		max_fill_ml = 90.0`
	for name, cfg := range map[string]any{"sim": new(Config), "replay": new(ReplayConfig)} {
		meta, err := toml.Decode(text, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(meta.Undecoded()); got < 6 {
			t.Errorf("[%s] took all but %v", name, meta.Undecoded())
		}
	}
}

// Every key says what it is and, if a number, what it may be.
func TestEveryKeyIsDeclared(t *testing.T) {
	var look func(reflect.Type)
	look = func(s reflect.Type) {
		for i := range s.NumField() {
			f := s.Field(i)
			key := f.Tag.Get("toml")
			switch {
			case f.Anonymous:
				look(f.Type)
			case key == "":
				t.Errorf("%s.%s has no key", s, f.Name)
			case key == "-":
			case f.Tag.Get("help") == "":
				t.Errorf("%s: no help", key)
			case f.Type.Kind() == reflect.Float64 && !(number(f.Tag.Get("min")) < number(f.Tag.Get("max"))):
				t.Errorf("%s: no range", key)
			}
		}
	}
	look(reflect.TypeFor[Config]())
	look(reflect.TypeFor[ReplayConfig]())
}

func TestVialFollowsFromTheModel(t *testing.T) {
	for model, want := range map[string][2]float64{"pioreactor_20ml": {20, 18}, "pioreactor_40ml": {40, 36}, "pioreactor_40ml_XR": {40, 36}} {
		cfg, replayed := DefaultConfig(), DefaultReplayConfig()
		cfg.Model, replayed.Model = model, model
		b, err := New(cfg, func() time.Duration { return 0 })
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReplay(strings.NewReader(fourRows), replayed, func() time.Duration { return 0 })
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range []hw.Info{b.Info(), r.Info()} {
			if got := [2]float64{info.CapacityML, info.MaxFillML}; got != want || info.Model != model {
				t.Errorf("%s: %v mL of %q, want %v", model, got, info.Model, want)
			}
		}
	}
	own := DefaultConfig()
	own.Model, own.CapacityML, own.MaxFillML = "my_vial", 50, 45
	if err := own.Validate(); err != nil {
		t.Errorf("a vial of one's own: %v", err)
	}
	own.MaxFillML = 0
	if err := own.Validate(); err == nil || !strings.Contains(err.Error(), `model "my_vial": must be one of pioreactor_20ml`) {
		t.Errorf("an unknown model without volumes: %v", err)
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MuMaxPerH, cfg.KsGPerL, cfg.VolumeML = math.NaN(), 0, 21
	cfg.StallPct, cfg.VialS, cfg.IRLED, cfg.Response, cfg.Noise = 5, 30, "E", "magic", "loud"
	cfg.Channels = map[string]string{"5": "90", "02": "90", "1": "60"}
	cfg.Absent = []string{"stirrer"}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"sim: mu_max_per_h = NaN: must be 0 to 10",
		"sim: ks_g_per_l = 0: must be 1e-06 to 1000",
		"sim: volume_ml = 21: must not exceed capacity_ml = 20",
		"sim: stall_pct is too close to friction_pct",
		"sim: vial_s must be at least twice board_s",
		`sim: IR LED on channel "E": must be A, B, C or D`,
		`sim: response = "magic": must be one of [scatter linear]`,
		`sim: noise = "loud": must be one of [none nominal colored noisy]`,
		`sim: channels: channel "5": must be 1 to 4`,
		`sim: channels: channel "02": must be 1 to 4`,
		`sim: channels: channel 1 looks at "60": must be REF, 45, 90, 135 or 180`,
		`sim: absent = "stirrer": must be one of`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if _, err := New(cfg, func() time.Duration { return 0 }); err == nil {
		t.Error("New took an invalid config")
	}
}

func TestABoardWithoutPhotodiodesIsRefused(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Channels = map[string]string{"1": "", "2": ""}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "sim: channels is empty") {
		t.Errorf("Validate() = %v", err)
	}
}

// Every number that Validate forgets would reach the equations: NaN in any
// float field must be refused.
func TestValidateRefusesNaNEverywhere(t *testing.T) {
	var try func(v reflect.Value, cfg *Config, path string)
	try = func(v reflect.Value, cfg *Config, path string) {
		for i := range v.NumField() {
			field, name := v.Field(i), path+v.Type().Field(i).Name
			switch field.Kind() {
			case reflect.Struct:
				try(field, cfg, name+".")
			case reflect.Float64:
				kept := field.Float()
				field.SetFloat(math.NaN())
				if cfg.Validate() == nil {
					t.Errorf("%s = NaN was accepted", name)
				}
				field.SetFloat(kept)
			}
		}
	}
	cfg := DefaultConfig()
	try(reflect.ValueOf(&cfg).Elem(), &cfg, "")
}

func TestNewKeepsNothingOfTheCallers(t *testing.T) {
	cfg := DefaultConfig()
	b, err := New(cfg, func() time.Duration { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Channels["2"] = "135"
	if b.cfg.Channels["2"] != "90" {
		t.Error("the board shares the caller's map")
	}
	if _, err := New(DefaultConfig(), nil); err == nil {
		t.Error("New took no clock")
	}
}

func TestClockThatGoesBackStandsStill(t *testing.T) {
	now := time.Hour
	b, err := New(DefaultConfig(), func() time.Duration { return now })
	if err != nil {
		t.Fatal(err)
	}
	now = 2 * time.Hour
	before := b.Truth()
	now = time.Minute
	if after := b.Truth(); after != before {
		t.Errorf("state changed from %+v to %+v", before, after)
	}
}
