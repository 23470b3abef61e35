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

	"github.com/BurntSushi/toml"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/alarm"
	"github.com/pioactor/pioactor/actors/setting"
	"github.com/pioactor/pioactor/bridge/notify"
)

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
	if unit, given := tables["unit"]; given { // the vial's model decides what fits into it
		p.section("unit", unit)
		delete(tables, "unit")
	}
	cfg.Sim.Model, cfg.Replay.Model = cfg.Unit.Model, cfg.Unit.Model
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
var named = regexp.MustCompile(`\[([a-z0-9_.]+)\] (["']?[A-Za-z0-9_]*)`)

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
	if name == "alarms" {
		p.alarms(table)
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

// alarms reads the section of what is alarming, whose parts have names of their
// own: [alarms.NAME] and [alarms.deliver.NAME].
func (p *parser) alarms(table map[string]any) {
	own, parts := map[string]any{}, map[string]map[string]any{}
	for key, value := range table {
		if part, ok := value.(map[string]any); ok {
			parts[key] = part
		} else {
			own[key] = value
		}
	}
	deliver := parts["deliver"]
	delete(parts, "deliver")
	p.decode("alarms", &p.cfg.Alarms.Config, own)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		d, known := p.cfg.Alarms.Declared[name]
		if !known {
			d = alarm.Default()
		}
		p.decode("alarms."+name, &d, parts[name])
		p.cfg.Alarms.Declared[name] = d
	}
	for _, name := range slices.Sorted(maps.Keys(deliver)) {
		settings, ok := deliver[name].(map[string]any)
		if !ok {
			p.problem("alarms.deliver", name, fmt.Errorf("%s: want a section of a target, such as [alarms.deliver.phone]", name))
			continue
		}
		t := notify.DefaultTarget()
		p.decode("alarms.deliver."+name, &t, settings)
		p.cfg.Alarms.Deliver[name] = t
	}
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
