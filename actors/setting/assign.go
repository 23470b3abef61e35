package setting

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxText is the longest value accepted as text.
const maxText = 1024

// Assign writes value into the field called name of dst, a pointer to a
// struct. Value is text as people type it, or what a TOML or JSON decoder
// yields. Refused values leave dst as it was; the error is a *Refusal.
func Assign(dst any, name string, value any) error {
	f, ok := Find(dst, name)
	if !ok {
		return &Refusal{name, "unknown", fmt.Sprintf("%s: no such setting; there are %s", clip(name), names(dst))}
	}
	return f.assign(reflect.Indirect(reflect.ValueOf(dst)).FieldByIndex(f.index), value)
}

// Change is Assign for a running job: settings that are not declared
// changeable are refused too.
func Change(dst any, name string, value any) error {
	if f, ok := Find(dst, name); ok && !f.Settable {
		return &Refusal{name, "read_only", fmt.Sprintf("%s: cannot be changed, it only reports", name)}
	}
	return Assign(dst, name, value)
}

func names(dst any) string {
	var all []string
	for _, f := range Of(dst) {
		all = append(all, f.Name)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func (f *Field) assign(to reflect.Value, value any) error {
	switch f.Kind {
	case Float:
		x, err := f.float(value)
		if err == nil {
			to.SetFloat(x)
		}
		return err
	case Integer:
		x, err := f.integer(value)
		switch {
		case err != nil:
		case to.CanUint():
			to.SetUint(uint64(x))
		default:
			to.SetInt(x)
		}
		return err
	case Boolean:
		x, err := f.boolean(value)
		if err == nil {
			to.SetBool(x)
		}
		return err
	case String:
		x, err := f.text(value)
		if err == nil {
			to.SetString(x)
		}
		return err
	case Duration:
		x, err := f.duration(value)
		if err == nil {
			to.SetInt(int64(x))
		}
		return err
	case List:
		return f.list(to, value)
	case Map:
		return f.mapping(to, value)
	}
	table, ok := value.(map[string]any)
	if !ok {
		return f.refuse("wrong_type", value, "want a table")
	}
	return DecodeTable(to.Addr().Interface(), table)
}

func (f *Field) refuse(code string, value any, rule string) error {
	return &Refusal{f.Name, code, fmt.Sprintf("%s: %s, got %s", f.Name, rule, show(value))}
}

// show quotes a value, shortened: a refusal must not echo a flood.
func show(value any) string {
	if s, ok := value.(string); ok {
		return strconv.Quote(clip(s))
	}
	return clip(fmt.Sprint(value))
}

func clip(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// number is what people may write: no hex, no underscore, no inf, no nan.
var number = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

func (f *Field) float(value any) (float64, error) {
	if text, ok := value.(string); ok && f.Word != "" && strings.TrimSpace(text) == f.Word {
		return f.WordFor, nil
	}
	x, err := f.anyFloat(value)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, f.refuse("not_a_number", value, "want a finite number"+f.in())
	}
	if x < f.Min || x > f.Max || f.Above && x == f.Min {
		return 0, f.refuse("out_of_range", value, "want "+f.Range())
	}
	return x, nil
}

func (f *Field) anyFloat(value any) (float64, error) {
	switch v := value.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	case string:
		text := strings.TrimSpace(v)
		if x, err := strconv.ParseFloat(text, 64); err == nil && len(text) <= maxText && number.MatchString(text) {
			return x, nil
		}
	}
	return 0, f.refuse("not_a_number", value, "want a number"+f.in()+", such as 1.5")
}

func (f *Field) in() string {
	text := ""
	if f.Unit != "" {
		text = " in " + f.Unit
	}
	if f.Word != "" {
		text += " or " + f.Word
	}
	return text
}

// Range words the allowed values, such as "0 to 50 AU" or `one of auto, od`.
func (f *Field) Range() string {
	if f.Word != "" {
		number := *f
		number.Word = ""
		return number.Range() + ", or " + f.Word
	}
	unit := f.Unit
	if unit != "" {
		unit = " " + unit
	}
	low := fmt.Sprintf("at least %v%s", f.Min, unit)
	if f.Above {
		low = fmt.Sprintf("more than %v%s", f.Min, unit)
	}
	switch {
	case len(f.OneOf) > 0:
		return "one of " + strings.Join(f.OneOf, ", ")
	case math.IsInf(f.Min, 0) && math.IsInf(f.Max, 0):
		return "any " + string(f.Kind) + f.in()
	case math.IsInf(f.Max, 0):
		return low
	case math.IsInf(f.Min, 0):
		return fmt.Sprintf("at most %v%s", f.Max, unit)
	case f.Above:
		return fmt.Sprintf("more than %v and at most %v%s", f.Min, f.Max, unit)
	}
	return fmt.Sprintf("%v to %v%s", f.Min, f.Max, unit)
}

func (f *Field) integer(value any) (int64, error) {
	var x int64
	switch v := value.(type) {
	case int64:
		x = v
	case int:
		x = int64(v)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, f.refuse("not_a_number", value, "want a whole number"+f.in())
		}
		x = int64(v)
	case string:
		var err error
		if x, err = strconv.ParseInt(strings.TrimSpace(v), 10, 64); err != nil {
			return 0, f.refuse("not_a_number", value, "want a whole number"+f.in())
		}
	default:
		return 0, f.refuse("wrong_type", value, "want a whole number"+f.in())
	}
	if float64(x) < f.Min || float64(x) > f.Max {
		return 0, f.refuse("out_of_range", value, "want "+f.Range())
	}
	return x, nil
}

func (f *Field) boolean(value any) (bool, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case int64:
		if v == 0 || v == 1 {
			return v == 1, nil
		}
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "1", "yes", "on", "y", "t":
			return true, nil
		case "false", "0", "no", "off", "n", "f":
			return false, nil
		}
	}
	return false, f.refuse("wrong_type", value, "want true or false")
}

func (f *Field) text(value any) (string, error) {
	s, ok := value.(string)
	switch {
	case !ok:
		return "", f.refuse("wrong_type", value, "want text")
	case len(s) > maxText:
		return "", f.refuse("too_long", s, fmt.Sprintf("want at most %d bytes", maxText))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", f.refuse("wrong_type", value, "want printable text")
	case len(f.OneOf) > 0 && !slices.Contains(f.OneOf, s):
		return "", f.refuse("not_one_of", value, "want "+f.Range())
	}
	return s, nil
}

// duration reads a number in the field's unit, or a Go duration such as "12h".
func (f *Field) duration(value any) (time.Duration, error) {
	if s, ok := value.(string); ok && !number.MatchString(strings.TrimSpace(s)) {
		d, err := time.ParseDuration(strings.TrimSpace(s))
		if err != nil {
			return 0, f.refuse("wrong_type", value, `want a duration such as "90s" or "12h"`)
		}
		value = float64(d) / float64(f.scale())
	}
	x, err := f.float(value)
	if err != nil {
		return 0, err
	}
	if math.Abs(x)*float64(f.scale()) > math.MaxInt64/2 {
		return 0, f.refuse("out_of_range", value, "want less than a century")
	}
	return time.Duration(math.Round(x * float64(f.scale()))), nil
}

func (f *Field) list(to reflect.Value, value any) error {
	items, ok := value.([]any)
	if !ok || to.Type().Elem().Kind() != reflect.String {
		return f.refuse("wrong_type", value, "want a list of texts")
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		s, err := f.text(item)
		if err != nil {
			return err
		}
		list = append(list, s)
	}
	to.Set(reflect.ValueOf(list))
	return nil
}

func (f *Field) mapping(to reflect.Value, value any) error {
	table, ok := value.(map[string]any)
	if !ok || to.Type() != reflect.TypeFor[map[string]string]() {
		return f.refuse("wrong_type", value, `want a table of texts, such as { 1 = "REF" }`)
	}
	m := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		s, err := f.text(table[key])
		if err != nil {
			return err
		}
		m[key] = s
	}
	to.Set(reflect.ValueOf(m))
	return nil
}

// validator is implemented by a struct whose fields depend on each other.
type validator interface{ Validate() error }

// DecodeTable assigns every entry of table to dst and then lets dst validate
// itself. All problems are reported at once. On an error dst may be half
// written: decode into a copy.
func DecodeTable(dst any, table map[string]any) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if err := Assign(dst, key, table[key]); err != nil {
			errs = append(errs, err)
		}
	}
	if v, ok := dst.(validator); ok && len(errs) == 0 {
		errs = append(errs, v.Validate())
	}
	return errors.Join(errs...)
}

// ChangeAll applies several changes to a copy of live, validates the copy, and
// only then assigns the changed fields into live: all or none. live is a
// pointer to a struct.
func ChangeAll(live any, changes []Pair) error {
	v := reflect.ValueOf(live)
	if v.Kind() != reflect.Pointer { // a job without fields may be a plain value
		for _, c := range changes {
			return &Refusal{c.Name, "unknown", fmt.Sprintf("%s: no such setting; there are none", clip(c.Name))}
		}
		return nil
	}
	v = v.Elem()
	copied := reflect.New(v.Type())
	copied.Elem().Set(v)
	draft := copied.Interface()
	for _, c := range changes {
		if err := Change(draft, c.Name, c.Value); err != nil {
			return err
		}
	}
	if val, ok := draft.(validator); ok {
		if err := val.Validate(); err != nil {
			return refusalOf(err, changes)
		}
	}
	for _, c := range changes {
		f, _ := Find(live, c.Name)
		f.Copy(live, draft)
	}
	return nil
}

// Pair is one setting with its new value, text as typed or decoded.
type Pair struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

func refusalOf(err error, changes []Pair) error {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	name := ""
	if len(changes) == 1 {
		name = changes[0].Name
	}
	return &Refusal{name, "invalid", err.Error()}
}
