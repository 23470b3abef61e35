package calibration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the largest file that is read.
const MaxBytes = 1 << 20

// reader takes values out of a YAML document, and remembers where each field
// stood. What is of the wrong type becomes a problem; whether the values make
// sense is for Validate.
type reader struct {
	problems
	lines map[string]int
	root  object
}

// object is a mapping: its keys in order, and which of them were asked for.
type object struct {
	field  string
	keys   []*yaml.Node
	values map[string]*yaml.Node
	known  map[string]bool
}

// open reads text as one YAML mapping.
func open(text []byte) (*reader, error) {
	if len(text) > MaxBytes {
		return nil, &Problem{Rule: fmt.Sprintf("the file has %d bytes, at most %d are read", len(text), MaxBytes)}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := d.Decode(&document); errors.Is(err, io.EOF) {
		return nil, &Problem{Rule: "the file is empty"}
	} else if err != nil {
		return nil, notYAML(err)
	}
	switch err := d.Decode(&more); {
	case err == nil:
		return nil, &Problem{Line: more.Line, Rule: "the file must hold one document, and a second one begins"}
	case !errors.Is(err, io.EOF):
		return nil, notYAML(err)
	}
	r := &reader{lines: map[string]int{}}
	r.root, _ = r.object("", &document)
	return r, found("", r.lines, errors.Join(r.all...))
}

var lineOf = regexp.MustCompile(`line (\d+): `)

func notYAML(err error) *Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &Problem{Rule: "not YAML: " + lineOf.ReplaceAllString(text, "")}
	if m := lineOf.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // digits; a line beyond int stays unknown
	}
	return p
}

// plain is the node behind documents and aliases.
func plain(n *yaml.Node) *yaml.Node {
	for n != nil && (n.Kind == yaml.AliasNode || n.Kind == yaml.DocumentNode) {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		} else if len(n.Content) == 1 {
			n = n.Content[0]
		} else {
			return n
		}
	}
	return n
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// kind names what a node is, in the words of the rules.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return fmt.Sprintf("%.60q", n.Value)
	}
	return "nothing"
}

func (r *reader) wrong(field string, n *yaml.Node, rule string) {
	r.lines[field] = n.Line
	r.add(field, verbatim(kind(n)), "%s", rule)
}

// verbatim is a value that is shown as it is.
type verbatim string

func (r *reader) object(field string, n *yaml.Node) (object, bool) {
	n = plain(n)
	if n == nil || n.Kind != yaml.MappingNode {
		if field == "" {
			field = "file"
		}
		if n == nil {
			n = &yaml.Node{}
		}
		r.wrong(field, n, "must be a mapping of fields")
		return object{}, false
	}
	o := object{field: field, values: map[string]*yaml.Node{}, known: map[string]bool{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := plain(n.Content[i]), plain(n.Content[i+1])
		if key == nil || key.Kind != yaml.ScalarNode {
			r.wrong(join(field, "key"), n.Content[i], "the name of a field must be a word")
			continue
		}
		name := join(field, key.Value)
		if o.values[key.Value] != nil {
			r.wrong(name, key, "must be there once")
			continue
		}
		o.keys, o.values[key.Value] = append(o.keys, key), value
		r.lines[name] = key.Line
	}
	return o, true
}

// get is the node of a field; a missing required one is a problem.
func (r *reader) get(o object, key string, required bool) *yaml.Node {
	if o.values == nil {
		return nil
	}
	o.known[key] = true
	n := o.values[key]
	if n == nil && required {
		r.add(join(o.field, key), verbatim("nothing"), "the field is missing")
	}
	return n
}

func (r *reader) text(o object, key, otherwise string) string {
	n := r.get(o, key, otherwise == "")
	if n == nil {
		return otherwise
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.wrong(join(o.field, key), n, "must be a text")
	}
	return n.Value
}

func (r *reader) number(o object, key string) float64 {
	n := r.get(o, key, true)
	if n == nil {
		return 0
	}
	return r.float(join(o.field, key), n)
}

// float reads a number. Hexadecimal, underscores and the like are no numbers here.
func (r *reader) float(field string, n *yaml.Node) float64 {
	n = plain(n)
	r.lines[field] = n.Line
	tag := n.ShortTag()
	if n.Kind != yaml.ScalarNode || tag != "!!float" && tag != "!!int" {
		r.wrong(field, n, "must be a number")
		return 0
	}
	v, err := strconv.ParseFloat(strings.Replace(strings.ToLower(n.Value), ".inf", "inf", 1), 64)
	if n.Value == ".nan" || n.Value == ".NaN" || n.Value == ".NAN" || err != nil {
		r.wrong(field, n, "must be a finite number")
		return 0
	}
	return v
}

func (r *reader) list(field string, n *yaml.Node, most int) []*yaml.Node {
	n = plain(n)
	if n == nil {
		return nil
	}
	r.lines[field] = n.Line
	if n.Kind != yaml.SequenceNode {
		r.wrong(field, n, "must be a list")
		return nil
	}
	if !r.size(field, len(n.Content), 0, most) {
		return nil
	}
	return n.Content
}

func (r *reader) numbers(field string, n *yaml.Node, most int) []float64 {
	items := r.list(field, n, most)
	out := make([]float64, len(items))
	for i, item := range items {
		out[i] = r.float(fmt.Sprintf("%s[%d]", field, i), item)
	}
	return out
}

// zones are the layouts of a moment with its zone, in YAML and RFC 3339.
var zones = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07", "2006-01-02T15:04Z07:00"}

func (r *reader) moment(o object, key string) time.Time {
	n := r.get(o, key, true)
	if n == nil {
		return time.Time{}
	}
	text := strings.TrimSpace(n.Value)
	if len(text) > 10 && (text[10] == ' ' || text[10] == 't') {
		text = text[:10] + "T" + strings.TrimLeft(text[11:], " ")
	}
	text = strings.ReplaceAll(text, " ", "") // before the zone
	for _, layout := range zones {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	r.wrong(join(o.field, key), n, "must be a date and time with its zone, such as 2026-01-27 15:59:11+00:00")
	return time.Time{}
}

// extra is the YAML of what nobody asked for.
func (r *reader) extra(o object) string {
	rest := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, key := range o.keys {
		if !o.known[key.Value] {
			rest.Content = append(rest.Content, key, o.values[key.Value])
		}
	}
	if len(rest.Content) == 0 {
		return ""
	}
	return r.fragment(join(o.field, "extra"), rest)
}

// fragment is the YAML of a node, with what aliases stand for written out.
func (r *reader) fragment(field string, n *yaml.Node) string {
	left := maxNodes
	whole, err := expanded(n, maxDepth, &left)
	if err != nil {
		r.wrong(field, n, err.Error())
		return ""
	}
	text, err := yaml.Marshal(whole)
	if err != nil {
		r.wrong(field, n, "cannot be kept: "+err.Error())
	}
	return string(text)
}

const (
	maxNodes = 100_000 // values in a kept fragment, after aliases are written out
	maxDepth = 50      // of a kept fragment; an alias of itself has no end
)

// expanded copies n without anchors and aliases.
func expanded(n *yaml.Node, depth int, left *int) (*yaml.Node, error) {
	n = plain(n)
	*left--
	if depth == 0 || *left < 0 {
		return nil, fmt.Errorf("must be at most %d values, %d deep, with aliases written out", maxNodes, maxDepth)
	}
	out := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.Tag, Value: n.Value}
	for _, child := range n.Content {
		c, err := expanded(child, depth-1, left)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, c)
	}
	return out, nil
}

// found gives the problems their file and line.
func found(file string, lines map[string]int, err error) error {
	if err == nil {
		return nil
	}
	var p *Problem
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all := slices.Clone(joined.Unwrap())
		for i := range all {
			all[i] = found(file, lines, all[i])
		}
		return errors.Join(all...)
	}
	if !errors.As(err, &p) {
		return err
	}
	placed := *p
	placed.File = file
	for field := p.Field; placed.Line == 0 && field != ""; {
		placed.Line = lines[field]
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return &placed
}
