package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/actorstest"
)

// desk is a bus with one MCP9808 on it: a register, or an error.
type desk struct {
	raw uint16
	err error
}

func (d *desk) Tx(at uint16, w, r []byte) error {
	if d.err != nil {
		return d.err
	}
	if at != 0x18 || len(w) != 1 || w[0] != 5 || len(r) != 2 {
		return fmt.Errorf("0x%02x was sent % x and asked for %d bytes", at, w, len(r))
	}
	r[0], r[1] = byte(d.raw>>8), byte(d.raw)
	return nil
}

var bench = &desk{raw: 0x0040}

func init() {
	actors.Register(actors.Own, "bottle_under_test", func() actors.Job {
		b := newBottleTemperature()
		b.bus = bench
		return b
	})
}

// Examples of the datasheet's table, with alarm bits and without.
func TestTemperatureOfEveryRegister(t *testing.T) {
	for raw, want := range map[uint16]float64{0x0190: 25, 0xC194: 25.25, 0x1FFF: -0.0625, 0x1E70: -25, 0x0000: 0, 0x07D0: 125} {
		got, err := MCP9808{&desk{raw: raw}}.TemperatureC()
		if err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("0x%04x: %v °C, %v; want %v °C", raw, got, err, want)
		}
	}
	for name, d := range map[string]*desk{"nonsense": {raw: 0x0FFF}, "unplugged": {err: errors.New("no answer")}} {
		if got, err := (MCP9808{d}).TemperatureC(); err == nil {
			t.Errorf("%s: %v °C", name, got)
		}
	}
}

func TestReadsPublishesAndWarns(t *testing.T) {
	kit := actorstest.Start(t, actors.Own, "bottle_under_test")
	for _, step := range []struct {
		raw    uint16
		err    error
		shown  float64
		alarms bool
	}{{raw: 0x0040, shown: 4}, {raw: 0x00C8, shown: 12.5, alarms: true}, {err: errors.New("unplugged"), shown: 12.5, alarms: true}, {raw: 0x0040, shown: 4}} {
		bench.raw, bench.err = step.raw, step.err
		kit.Run(10 * time.Second)
		alarms := false
		for _, f := range kit.Facts {
			if a, ok := f.(actors.Alarm); ok {
				alarms = a.Active
			}
		}
		if kit.Setting("temperature_c") != step.shown || alarms != step.alarms {
			t.Errorf("0x%04x, %v: %v °C, alarm %v; want %v, %v", step.raw, step.err, kit.Setting("temperature_c"), alarms, step.shown, step.alarms)
		}
	}
}

// TestPageShowsThisDriver holds docs/hardware.md to the code.
func TestPageShowsThisDriver(t *testing.T) {
	page, err := os.ReadFile("../../docs/hardware.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ = bytes.Cut(page, []byte("## A device of your own"))
	blocks := strings.Split(string(page), "```go\n")[1:]
	if len(blocks) != 2 {
		t.Errorf("%d pieces of code, want driver and job", len(blocks))
	}
	for _, block := range blocks {
		if block, _, _ = strings.Cut(block, "```"); !strings.Contains(string(code), block) {
			t.Errorf("not in main.go:\n%s", block)
		}
	}
}
