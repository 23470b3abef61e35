package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// writer appends JSON in the order it is told to; Pioreactor's structs have
// their fields in the order of their declaration. The first error sticks.
type writer struct {
	out   []byte
	err   error
	comma string // "," or, as Python's json.dumps, ", "
	colon string
	ascii bool // escape everything beyond ASCII, as json.dumps does
	first bool
}

func compact() *writer { return &writer{comma: ",", colon: ":"} }
func spaced() *writer  { return &writer{comma: ", ", colon: ": ", ascii: true} }

func (w *writer) open()  { w.out = append(w.out, '{'); w.first = true }
func (w *writer) close() { w.out = append(w.out, '}'); w.first = false }

// key starts a field.
func (w *writer) key(name string) {
	if !w.first {
		w.out = append(w.out, w.comma...)
	}
	w.first = false
	w.text(name)
	w.out = append(w.out, w.colon...)
}

func (w *writer) null() { w.out = append(w.out, "null"...) }

func (w *writer) number(n Number) {
	if math.IsNaN(n.value) || math.IsInf(n.value, 0) {
		w.fail(ErrNotFinite)
		return
	}
	w.out = n.append(w.out)
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) floatField(name string, v float64) { w.numberField(name, Float(v)) }

func (w *writer) numberField(name string, n Number) { w.key(name); w.number(n) }

func (w *writer) textField(name, v string) { w.key(name); w.text(v) }

// orNullField writes an empty text as null.
func (w *writer) orNullField(name, v string) {
	w.key(name)
	if v == "" {
		w.null()
		return
	}
	w.text(v)
}

func (w *writer) microField(name string, t time.Time) { w.timeField(name, t, FormatMicro) }
func (w *writer) milliField(name string, t time.Time) { w.timeField(name, t, FormatMilli) }

func (w *writer) timeField(name string, t time.Time, format func(time.Time) string) {
	if !validYear(t) {
		w.fail(fmt.Errorf("wire: %s: year %d cannot be written", name, t.UTC().Year()))
		return
	}
	w.textField(name, format(t))
}

const hex = "0123456789abcdef"

// text writes a JSON string. Nothing is escaped for HTML.
func (w *writer) text(s string) {
	w.out = append(w.out, '"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.out = append(w.out, '\\', byte(r))
		case r < 0x20:
			w.control(byte(r))
		case r == utf8.RuneError && isBroken(s[i:]):
			w.rune(utf8.RuneError)
		default:
			w.rune(r)
		}
	}
	w.out = append(w.out, '"')
}

// isBroken tells invalid UTF-8 from a real U+FFFD.
func isBroken(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func (w *writer) rune(r rune) {
	switch {
	case !w.ascii || r < 0x7f:
		w.out = utf8.AppendRune(w.out, r)
	case r < 0x10000:
		w.unicode(uint16(r))
	default: // a surrogate pair
		r -= 0x10000
		w.unicode(0xd800 + uint16(r>>10))
		w.unicode(0xdc00 + uint16(r&0x3ff))
	}
}

func (w *writer) control(c byte) {
	if i := bytes.IndexByte([]byte("\b\f\n\r\t"), c); i >= 0 {
		w.out = append(w.out, '\\', "bfnrt"[i])
		return
	}
	w.unicode(uint16(c))
}

func (w *writer) unicode(c uint16) {
	w.out = append(w.out, '\\', 'u', hex[c>>12], hex[c>>8&15], hex[c>>4&15], hex[c&15])
}

// Payload is a message with a fixed shape. All of them are in this package.
type Payload interface{ encode() ([]byte, error) }

// Encode writes p as Pioreactor does.
func Encode(p Payload) ([]byte, error) {
	out, err := p.encode()
	if err != nil {
		return nil, fmt.Errorf("wire: encode %T: %w", p, err)
	}
	return out, nil
}

// Value spells a setting's value: float64, int, bool, string, [Number], a
// [Payload], or nil, which clears the topic.
func Value(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case float64:
		text, err := FormatFloat(v)
		return []byte(text), err
	case int:
		return strconv.AppendInt(nil, int64(v), 10), nil
	case bool:
		return []byte(FormatBool(v)), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("wire: text is not UTF-8: %q", v)
		}
		return []byte(v), nil
	case Number:
		if _, err := FormatFloat(v.value); err != nil {
			return nil, err
		}
		return v.append(nil), nil
	case Payload:
		return Encode(v)
	}
	return nil, fmt.Errorf("wire: no spelling for a %T", v)
}

// Decode reads a payload strictly: an unknown field, a wrong type or anything
// after the value is an error. Readers of other people's messages want
// [encoding/json], which ignores what it does not know, as Pioreactor does.
func Decode[T Payload](data []byte) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("wire: decode %T: %w", v, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return v, fmt.Errorf("wire: decode %T: more than one value", v)
	}
	return v, nil
}
