package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/bridge"
	"github.com/pioactor/pioactor/hw/sim"
)

// Config is one node's configuration: what config.toml holds. The rooms own
// their sections; this type only puts them side by side.
type Config struct {
	Unit        UnitConfig        `toml:"unit"`
	MQTT        bridge.Config     `toml:"mqtt"`
	Experiment  ExperimentConfig  `toml:"experiment"`
	PWM         map[string]string `toml:"pwm"`
	LEDs        map[string]string `toml:"leds"`
	Photodiodes map[string]string `toml:"photodiodes"`
	Bioreactor  device.Config     `toml:"bioreactor"`
	Sim         SimConfig         `toml:"sim"`
	Replay      ReplayConfig      `toml:"replay"`
	Logging     LoggingConfig     `toml:"logging"`

	jobs map[string]map[string]any // section → table, such as "dosing_automation.turbidostat"
}

// UnitConfig is the section [unit].
type UnitConfig struct {
	Name     string `toml:"name" help:"this unit's name on the wire; empty: the machine's host name"`
	Model    string `toml:"model" oneof:"pioreactor_20ml|pioreactor_40ml" help:"the vial"`
	Hardware string `toml:"hardware" oneof:"auto|sim|replay" help:"auto finds a HAT, else simulates a vial"`
	DataDir  string `toml:"data_dir" help:"where state is kept; empty: the user's data folder"`
}

// ExperimentConfig is the section [experiment].
type ExperimentConfig struct {
	Name string `toml:"name" help:"the first start's experiment; later the unit knows itself"`
}

// SimConfig is the section [sim]: the digital twin and how to start it.
type SimConfig struct {
	sim.Config
	FastForward time.Duration `toml:"fast_forward" min:"0" help:"how long the culture has grown before you look, at the first start"`
	Start       []string      `toml:"start" help:"the jobs of the first start"`
}

// ReplayConfig is the section [replay]: recorded readings in place of a culture.
type ReplayConfig struct {
	sim.ReplayConfig
	File        string        `toml:"file" help:"CSV of od_readings"`
	FastForward time.Duration `toml:"fast_forward" min:"0" help:"how much of the recording has passed before you look"`
	Start       []string      `toml:"start" help:"the jobs of the first start"`
}

// LoggingConfig is the section [logging].
type LoggingConfig struct {
	File  string `toml:"file" help:"JSON lines; empty: pioactor.log in the data folder"`
	Level string `toml:"level" oneof:"debug|info|warning|error" help:"the least that is written"`
}

// DefaultConfig is a simulated leader+worker on loopback; config.toml spells it out.
func DefaultConfig() Config {
	twin := sim.DefaultConfig()
	twin.Response = "linear" // so that an uncalibrated growth rate can be compared with the true one
	return Config{
		Unit:        UnitConfig{Model: "pioreactor_20ml", Hardware: "auto"},
		MQTT:        bridge.DefaultConfig(),
		Experiment:  ExperimentConfig{Name: "first experiment"},
		PWM:         map[string]string{"1": "stirring", "2": "media", "3": "alt_media", "4": "waste", "5": "heating"},
		LEDs:        map[string]string{"A": "IR"},
		Photodiodes: map[string]string{"1": "REF", "2": "90"},
		Bioreactor:  device.DefaultConfig(),
		Sim: SimConfig{Config: twin, FastForward: 12 * time.Hour,
			Start: []string{"stirring", "od_reading", "growth_rate_calculating", "dosing_automation=turbidostat target_biomass=30"}},
		Replay:  ReplayConfig{ReplayConfig: sim.DefaultReplayConfig(), Start: []string{"stirring", "od_reading", "growth_rate_calculating"}},
		Logging: LoggingConfig{Level: "info"},
		jobs:    map[string]map[string]any{},
	}
}

// LoadConfig reads a config file over the defaults. Every problem is reported,
// each with file, line, section, key, rule and value.
func LoadConfig(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w; name another with --config", err)
	}
	return ParseConfig(file, string(text))
}

// ParseConfig is LoadConfig for a text; file is for messages.
func ParseConfig(file, text string) (Config, error) {
	cfg := DefaultConfig()
	var tables map[string]any
	if _, err := toml.Decode(text, &tables); err != nil {
		return cfg, syntaxError(file, err)
	}
	p := parser{file: file, lines: keyLines(text), cfg: &cfg}
	for _, section := range slices.Sorted(maps.Keys(tables)) {
		p.section(section, tables[section])
	}
	if len(p.errs) == 0 {
		for _, err := range parts(cfg.Validate()) {
			p.located(err)
		}
	}
	return cfg, errors.Join(p.errs...)
}

// parts are the single problems behind a joined error.
func parts(err error) []error {
	switch e := err.(type) {
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		var all []error
		for _, part := range e.Unwrap() {
			all = append(all, parts(part)...)
		}
		return all
	}
	return []error{err}
}

// named finds "[section] key" in a problem that a room or Validate reported.
var named = regexp.MustCompile(`\[([a-z_.]+)\] (["']?[A-Za-z0-9_]*)`)

// located gives a problem that names its section the file and the line.
func (p *parser) located(err error) {
	where := p.file
	if m := named.FindStringSubmatchIndex(err.Error()); m != nil {
		text := err.Error()
		section, key := text[m[2]:m[3]], text[m[4]:m[5]]
		line := p.lines[section+"."+key]
		if line == 0 {
			line = p.lines[section+"."]
		}
		if line > 0 {
			where = fmt.Sprintf("%s:%d", p.file, line)
		}
		err = errors.New(text[m[0]:])
	}
	p.errs = append(p.errs, fmt.Errorf("%s: %w", where, err))
}

func syntaxError(file string, err error) error {
	var pe toml.ParseError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s:%d: %s", file, pe.Position.Line, pe.Message)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// parser gathers the problems of one file.
type parser struct {
	file  string
	lines map[string]int // "section.key" → line
	cfg   *Config
	errs  []error
}

func (p *parser) section(name string, value any) {
	table, ok := value.(map[string]any)
	if !ok {
		p.problem("", name, fmt.Errorf("%s: stands outside a section; put it under one, such as [unit]", name))
		return
	}
	if f, known := setting.Find(p.cfg, name); known {
		p.own(f, table)
		return
	}
	switch actors.Family(name) {
	case actors.Dosing, actors.Temperature, actors.LED:
		p.family(name, table)
		return
	}
	r, err := actors.Lookup(name, "")
	if err != nil {
		p.problem(name, "", fmt.Errorf("no such section; there are %s", strings.Join(sections(), ", ")))
		return
	}
	p.job(name, r, table)
}

func sections() []string {
	var all []string
	for _, f := range setting.Of(Config{}) {
		all = append(all, f.Name)
	}
	for _, r := range actors.Registered() {
		all = append(all, r.Slot())
	}
	return slices.Compact(all)
}

func (p *parser) own(f setting.Field, table map[string]any) {
	if f.Kind == setting.Map {
		// A table of texts replaces the default whole: half a pin map is none.
		if err := setting.Assign(p.cfg, f.Name, table); err != nil {
			p.problem(f.Name, "", err)
		}
		return
	}
	target := f.Pointer(p.cfg)
	p.decode(f.Name, target, table)
}

func (p *parser) family(name string, table map[string]any) {
	for _, automation := range slices.Sorted(maps.Keys(table)) {
		section := name + "." + automation
		settings, ok := table[automation].(map[string]any)
		if !ok {
			p.problem(name, automation, fmt.Errorf("%s: want a section of an automation, such as [%s.turbidostat]", automation, name))
			continue
		}
		r, err := actors.Lookup(name, automation)
		if err != nil {
			p.problem(section, "", err)
			continue
		}
		p.job(section, r, settings)
	}
}

func (p *parser) job(section string, r actors.Registration, table map[string]any) {
	for _, f := range setting.Of(r.New()) {
		if _, given := table[f.Name]; given && f.Shown && !f.Settable {
			p.problem(section, f.Name, fmt.Errorf("%s: cannot be set, it only reports; leave it out", f.Name))
			return
		}
	}
	p.decode(section, r.New(), table)
	p.cfg.jobs[section] = table
}

// decode assigns key by key, so that each problem finds its line.
func (p *parser) decode(section string, target any, table map[string]any) {
	before := len(p.errs)
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if err := setting.Assign(target, key, table[key]); err != nil {
			p.problem(section, key, err)
		}
	}
	if len(p.errs) > before {
		return
	}
	if err := setting.DecodeTable(target, nil); err != nil {
		p.problem(section, "", err)
	}
}

func (p *parser) problem(section, key string, err error) {
	if strings.Contains(err.Error(), "["+section+"] ") {
		for _, part := range parts(err) {
			p.located(part)
		}
		return
	}
	line := p.lines[section+"."+key]
	where := fmt.Sprintf("%s:%d:", p.file, line)
	if line == 0 {
		where = p.file + ":"
	}
	if section != "" {
		where += " [" + section + "]"
	}
	p.errs = append(p.errs, fmt.Errorf("%s %w", where, err))
}

var (
	headerLine = regexp.MustCompile(`^\s*\[\s*([^\[\]]+?)\s*\]`)
	keyLine    = regexp.MustCompile(`^\s*["']?([A-Za-z0-9_$-]+)["']?\s*=`)
)

// keyLines finds the line of every section and key.
func keyLines(text string) map[string]int {
	lines, section := map[string]int{}, ""
	scan := bufio.NewScanner(strings.NewReader(text))
	for n := 1; scan.Scan(); n++ {
		if m := headerLine.FindStringSubmatch(scan.Text()); m != nil {
			section = m[1]
			lines[section+"."] = n
		} else if m := keyLine.FindStringSubmatch(scan.Text()); m != nil {
			lines[section+"."+m[1]] = n
		}
	}
	return lines
}

// Validate checks what no section can check alone.
func (c Config) Validate() error {
	err := errors.Join(
		wiring("pwm", c.PWM, []string{"1", "2", "3", "4", "5"}, []string{"stirring", "media", "alt_media", "waste", "heating"}),
		wiring("leds", c.LEDs, []string{"A", "B", "C", "D"}, nil),
		optics(c.Photodiodes),
		irFitted(c.LEDs),
		c.replayable(),
		c.fits(),
	)
	if err != nil {
		return err
	}
	return c.startable() // only a sound unit tells what its jobs lack
}

// wiring checks a table of channel → role: no role on two channels.
func wiring(section string, table map[string]string, channels, roles []string) error {
	var errs []error
	seen := map[string]string{}
	for _, channel := range slices.Sorted(maps.Keys(table)) {
		role := table[channel]
		switch {
		case !slices.Contains(channels, channel):
			errs = append(errs, fmt.Errorf("[%s] %s: no such channel; there are %s", section, channel, strings.Join(channels, ", ")))
		case role == "":
		case roles != nil && !slices.Contains(roles, role):
			errs = append(errs, fmt.Errorf("[%s] %s: want one of %s, got %q", section, channel, strings.Join(roles, ", "), role))
		case seen[role] != "":
			errs = append(errs, fmt.Errorf("[%s] %s: %q is on channel %s already; leave one of them empty", section, channel, role, seen[role]))
		default:
			seen[role] = channel
		}
	}
	return errors.Join(errs...)
}

func optics(table map[string]string) error {
	angles := []string{"REF", "45", "90", "135", "180"}
	var errs []error
	signals, refs := 0, 0
	for _, channel := range slices.Sorted(maps.Keys(table)) {
		switch angle := table[channel]; {
		case !slices.Contains([]string{"1", "2", "3", "4"}, channel):
			errs = append(errs, fmt.Errorf("[photodiodes] %s: no such channel; there are 1, 2, 3, 4", channel))
		case angle == "":
		case !slices.Contains(angles, angle):
			errs = append(errs, fmt.Errorf("[photodiodes] %s: want one of %s, got %q", channel, strings.Join(angles, ", "), angle))
		case angle == "REF":
			refs++
		default:
			signals++
		}
	}
	if refs > 1 {
		errs = append(errs, errors.New("[photodiodes] two channels are REF; only one may be the reference"))
	}
	if signals == 0 && len(errs) == 0 {
		errs = append(errs, errors.New(`[photodiodes] no channel has an angle; give one, such as 2 = "90"`))
	}
	return errors.Join(errs...)
}

func irFitted(leds map[string]string) error {
	for _, role := range leds {
		if role == "IR" {
			return nil
		}
	}
	return errors.New(`[leds] no channel is the IR LED; give one, such as A = "IR"`)
}

func (c Config) replayable() error {
	if c.Unit.Hardware == "replay" && c.Replay.File == "" {
		return errors.New(`[replay] file: hardware = "replay" needs a recording; name a CSV of od_readings`)
	}
	return nil
}

// fits checks the volumes against the vial.
func (c Config) fits() error {
	info, err := sim.Model(c.Unit.Model)
	if err != nil {
		return fmt.Errorf("[unit] model: %w", err)
	}
	return c.Bioreactor.Fits(info)
}

func (c Config) startable() error {
	if err := c.experiment().Check(); err != nil {
		return fmt.Errorf("[%s] %w", c.hardware(), err)
	}
	return nil
}

// table is the config section of a job or automation, with what belongs to it
// from the shared sections.
func (c Config) table(slot, automation string) map[string]any {
	section := slot
	if automation != "" {
		section += "." + automation
	}
	table := maps.Clone(c.jobs[section])
	if table == nil {
		table = map[string]any{}
	}
	if slot == "od_reading" {
		table["channels"] = anyMap(c.Photodiodes)
	}
	return table
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// SetJob sets one key of a job's section, as the file would; for programs and
// tests that configure in Go. The value is checked when the job starts.
func (c *Config) SetJob(section, key string, value any) {
	table := maps.Clone(c.jobs[section])
	if table == nil {
		table = map[string]any{}
	}
	table[key] = value
	c.jobs[section] = table
}
