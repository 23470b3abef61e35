package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Object is JSON whose fields keep their order.
type Object []Field

// Field is one field. Value is a [Number], string, bool, nil or [Object];
// float64 and int are accepted for writing.
type Field struct {
	Name  string
	Value any
}

func (o Object) write(w *writer) {
	w.open()
	for _, f := range o {
		w.key(f.Name)
		w.any(f.Name, f.Value)
	}
	w.close()
}

func (o Object) encode() ([]byte, error) {
	w := compact()
	o.write(w)
	return w.out, w.err
}

func (w *writer) any(name string, v any) {
	switch v := v.(type) {
	case nil:
		w.null()
	case Number:
		w.number(v)
	case float64:
		w.number(Float(v))
	case int:
		w.number(Number{value: float64(v), integer: true})
	case string:
		w.text(v)
	case bool:
		w.out = fmt.Appendf(w.out, "%t", v)
	case Object:
		v.write(w)
	default:
		w.fail(fmt.Errorf("%s: no JSON for a %T", name, v))
	}
}

// maxDepth bounds objects in objects; Pioreactor has none.
const maxDepth = 8

// UnmarshalJSON keeps the order; null leaves a nil Object.
func (o *Object) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	token, err := d.Token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("want an object, got %v", token)
	}
	*o, err = readObject(d, maxDepth)
	return err
}

// readObject reads up to the closing brace.
func readObject(d *json.Decoder, depth int) (Object, error) {
	if depth == 0 {
		return nil, fmt.Errorf("objects deeper than %d", maxDepth)
	}
	o := Object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := readValue(d, depth)
		if err != nil {
			return nil, err
		}
		o = append(o, Field{Name: name.(string), Value: value}) // the decoder only returns strings as names
	}
	_, err := d.Token()
	return o, err
}

func readValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Number:
		return ParseNumber(v.String())
	case json.Delim:
		if v == '{' {
			return readObject(d, depth-1)
		}
		return nil, fmt.Errorf("arrays are not part of this language")
	}
	return token, nil // string, bool or nil
}
