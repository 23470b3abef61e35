// Package setting reads one declaration, the struct tags of a setting, and
// makes everything from it: validation of what people type, what MQTT and the
// command line show, the config file's rules and its documentation.
//
//	type Turbidostat struct {
//		TargetOD float64 `toml:"target_od" unit:"AU" min:"0" max:"50" set:"yes" help:"dilute above this"`
//	}
//	err := setting.Assign(&t, "target_od", "0.5")
//
// It refuses to guess: a value out of range, of the wrong type, or not a
// number is refused with the rule and what to write instead, never clamped.
package setting

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is how a setting is written.
type Kind string

// The kinds of setting.
const (
	Float    Kind = "float"
	Integer  Kind = "integer"
	Boolean  Kind = "boolean"
	String   Kind = "string"
	Duration Kind = "duration" // a float in the field's unit: s, min or h; a Go duration in config without a unit
	List     Kind = "list"     // of strings; config only
	Map      Kind = "map"      // of strings; config only
	Table    Kind = "table"    // a nested struct; config only
)

// Field is one declared setting.
type Field struct {
	Name     string
	Kind     Kind
	Unit     string
	Help     string
	Min, Max float64 // −Inf, +Inf when unbounded
	Above    bool    // Min itself is refused
	OneOf    []string
	Word     string  // of a float: text that may stand for a number, such as "auto"
	WordFor  float64 // the value Word stands for, whatever the range
	Settable bool    // may be changed while running
	Shown    bool    // published
	Persist  bool    // stays retained after a clean exit
	index    []int
}

// Refusal says which setting was refused, by which rule, and what to do.
type Refusal struct {
	Name   string // the setting
	Code   string // a stable word for programs: "unknown", "read_only", "not_a_number", "out_of_range", "not_one_of", "wrong_type"
	Reason string // for people; holds rule, value and next step
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

var schemas sync.Map // reflect.Type → []Field

// Of returns the declared settings of v, a struct or a pointer to one, in
// order. A wrong tag panics: it is a programmer's error.
func Of(v any) []Field {
	t := reflect.TypeOf(v)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if s, ok := schemas.Load(t); ok {
		return s.([]Field)
	}
	s, _ := schemas.LoadOrStore(t, declared(t, nil))
	return s.([]Field)
}

// Find returns the field called name.
func Find(v any, name string) (Field, bool) {
	for _, f := range Of(v) {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func declared(t reflect.Type, prefix []int) []Field {
	var fields []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(prefix), i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct && sf.IsExported() {
			fields = append(fields, declared(sf.Type, index)...)
			continue
		}
		if name := sf.Tag.Get("toml"); name != "" && name != "-" {
			fields = append(fields, field(sf, name, index))
		}
	}
	return fields
}

func field(sf reflect.StructField, name string, index []int) Field {
	f := Field{
		Name: name, Unit: sf.Tag.Get("unit"), Help: sf.Tag.Get("help"), index: index,
		Min: math.Inf(-1), Max: math.Inf(1),
		Settable: sf.Tag.Get("set") == "yes",
		Persist:  sf.Tag.Get("persist") == "yes",
	}
	f.Shown = f.Settable || sf.Tag.Get("set") == "no"
	f.Kind = kindOf(sf)
	if s := sf.Tag.Get("oneof"); s != "" {
		f.OneOf = strings.Split(s, "|")
	}
	f.Min = bound(sf, "min", f.Min)
	if sf.Tag.Get("above") != "" {
		f.Min, f.Above = bound(sf, "above", f.Min), true
	}
	f.Max = bound(sf, "max", f.Max)
	f.Word, f.WordFor = word(sf)
	if sf.Type.Kind() == reflect.Uint64 {
		f.Min = max(f.Min, 0)
	}
	return f
}

func bound(sf reflect.StructField, tag string, fallback float64) float64 {
	text := sf.Tag.Get(tag)
	if text == "" {
		return fallback
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("setting: field %s: tag %s: %v", sf.Name, tag, err))
	}
	return x
}

// word reads a tag such as word:"auto=-1".
func word(sf reflect.StructField) (text string, value float64) {
	text, number, ok := strings.Cut(sf.Tag.Get("word"), "=")
	if !ok {
		return "", 0
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		panic(fmt.Sprintf("setting: field %s: tag word: %v", sf.Name, err))
	}
	return text, value
}

func kindOf(sf reflect.StructField) Kind {
	if sf.Type == reflect.TypeFor[time.Duration]() {
		return Duration
	}
	switch sf.Type.Kind() {
	case reflect.Float64:
		return Float
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return Integer
	case reflect.Bool:
		return Boolean
	case reflect.String:
		return String
	case reflect.Slice:
		return List
	case reflect.Map:
		return Map
	case reflect.Struct:
		return Table
	}
	panic(fmt.Sprintf("setting: field %s: a %s cannot be a setting", sf.Name, sf.Type))
}

// Value returns what f holds in v as it is shown: a float64 (also for a
// duration, in the field's unit) or its Word, int64, bool or string; nil for what is only
// configuration.
func (f *Field) Value(v any) any {
	x := reflect.Indirect(reflect.ValueOf(v)).FieldByIndex(f.index)
	switch f.Kind {
	case Float:
		if f.Word != "" && x.Float() == f.WordFor {
			return f.Word
		}
		return x.Float()
	case Integer:
		if x.CanUint() {
			return int64(x.Uint()) // assigned from an int64
		}
		return x.Int()
	case Boolean:
		return x.Bool()
	case String:
		return x.String()
	case Duration:
		return float64(x.Int()) / float64(f.scale())
	}
	return nil
}

// Same reports whether Value is certain to be shown, without making it anew: for
// those who look after every message. Where it is not, Value says.
func (f *Field) Same(v, shown any) bool {
	x := reflect.Indirect(reflect.ValueOf(v)).FieldByIndex(f.index)
	switch s := shown.(type) {
	case float64:
		switch f.Kind {
		case Float:
			return f.Word == "" && x.Float() == s
		case Duration:
			return float64(x.Int())/float64(f.scale()) == s
		}
	case int64:
		return f.Kind == Integer && x.CanInt() && x.Int() == s
	case bool:
		return f.Kind == Boolean && x.Bool() == s
	case string:
		return f.Kind == String && x.String() == s || f.Kind == Float && s == f.Word && x.Float() == f.WordFor
	}
	return false
}

// Copy assigns field f of src to dst, two structs of one type.
func (f *Field) Copy(dst, src any) {
	to := reflect.Indirect(reflect.ValueOf(dst)).FieldByIndex(f.index)
	to.Set(reflect.Indirect(reflect.ValueOf(src)).FieldByIndex(f.index))
}

// scale is the duration that one of the field's unit stands for.
func (f *Field) scale() time.Duration {
	switch f.Unit {
	case "min":
		return time.Minute
	case "h":
		return time.Hour
	}
	return time.Second
}

// Pointer is the address of field f in v, a pointer to a struct: for a Table,
// what DecodeTable wants.
func (f *Field) Pointer(v any) any {
	return reflect.ValueOf(v).Elem().FieldByIndex(f.index).Addr().Interface()
}
