package describe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxBytes = 64 << 10 // of a file: the largest of Pioreactor's has less than 1 kB
	maxDepth = 8        // of mappings in each other: two are needed
)

// value is a piece of a YAML file that remembers where it stood: a mapping, or
// a text with YAML's idea of its type.
type value struct {
	file string
	line int
	tag  string // "!!int", "!!str" …; "!!seq" for a list, whose items are of no use here
	text string
	kids map[string]*value // nil unless it is a mapping
}

// readTree reads one file: nil when it does not exist or says nothing.
func readTree(files fs.FS, path, shown string) (*value, error) {
	info, err := fs.Stat(files, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Problem{File: shown, Rule: "cannot be read: " + cause(err).Error(), Next: "let this program's user read it"}
	}
	if !info.Mode().IsRegular() {
		return nil, &Problem{File: shown, Rule: "is not a file"}
	}
	f, err := files.Open(path)
	if err != nil {
		return nil, &Problem{File: shown, Rule: "cannot be read: " + cause(err).Error(), Next: "let this program's user read it"}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, &Problem{File: shown, Rule: "cannot be read: " + cause(err).Error()}
	}
	return parseTree(shown, text)
}

// cause leaves out the path, which stands in front already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

var lineOf = regexp.MustCompile(`line (\d+): `)

func notYAML(file string, err error) *Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &Problem{File: file, Rule: "is not YAML: " + lineOf.ReplaceAllString(text, "")}
	if m := lineOf.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // digits; a line beyond int stays unknown
	}
	return p
}

// parseTree reads text as one mapping; an empty text is nil, as for Pioreactor.
func parseTree(file string, text []byte) (*value, error) {
	if len(text) > maxBytes {
		return nil, &Problem{File: file, Rule: fmt.Sprintf("has more than %d bytes", maxBytes)}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, notYAML(file, err)
	}
	switch err := d.Decode(&more); {
	case err == nil:
		return nil, &Problem{File: file, Line: more.Line, Rule: "must hold one document, and a second one begins"}
	case !errors.Is(err, io.EOF):
		return nil, notYAML(file, err)
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil
	}
	v, err := grow(file, "", root, 1)
	if err != nil {
		return nil, err
	}
	if v.kids == nil {
		return nil, &Problem{File: file, Line: v.line, Rule: "must be a mapping of keys to values"}
	}
	return v, nil
}

// grow turns a node into a value.
func grow(file, field string, n *yaml.Node, depth int) (*value, error) {
	fail := func(rule string) (*value, error) {
		return nil, &Problem{File: file, Line: n.Line, Field: field, Rule: rule}
	}
	v := &value{file: file, line: n.Line, tag: n.ShortTag(), text: n.Value}
	switch {
	case depth > maxDepth:
		return fail(fmt.Sprintf("stands %d mappings deep; at most %d are read", depth, maxDepth))
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return fail("must not be an anchor or an alias: write the value out")
	case n.Kind != yaml.MappingNode:
		return v, nil
	}
	v.kids = map[string]*value{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return nil, &Problem{File: file, Line: key.Line, Field: field, Rule: "must have plain words as keys"}
		}
		inner := joined(field, key.Value)
		if _, twice := v.kids[key.Value]; twice {
			return nil, &Problem{File: file, Line: key.Line, Field: inner, Rule: "must not stand there twice"}
		}
		kid, err := grow(file, inner, n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		v.kids[key.Value] = kid
	}
	return v, nil
}

// joined is a field's name below another's.
func joined(field, key string) string {
	key = clip(key)
	if field == "" {
		return key
	}
	return field + "." + key
}

// clip shortens what comes from outside, and makes it printable.
func clip(s string) string {
	quoted := strconv.Quote(fmt.Sprintf("%.60s", s))
	return quoted[1 : len(quoted)-1]
}

// merged lays over upon under, key by key; neither is changed.
func merged(under, over *value) *value {
	switch {
	case over == nil:
		return under
	case under == nil || under.kids == nil || over.kids == nil:
		return over
	}
	both := *over
	both.kids = maps.Clone(under.kids)
	for key, kid := range over.kids {
		both.kids[key] = merged(under.kids[key], kid)
	}
	return &both
}

// shown is the value as a person wrote it, shortened.
func (v *value) shown() string {
	switch {
	case v.kids != nil:
		return "a mapping"
	case v.tag == "!!seq":
		return "a list"
	case v.tag == "!!null":
		return "nothing"
	case v.tag == "!!str":
		return fmt.Sprintf("%.60q", v.text)
	}
	return clip(v.text)
}

// integer reads a number: 72, 0x48, or either in quotes.
func (v *value) integer() (int, bool) {
	if v.kids != nil || v.tag != "!!int" && v.tag != "!!str" {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v.text), 0, 32)
	return int(n), err == nil
}
