package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/hw/pioreactor/describe"
)

// printer writes a command's answer: JSON for programs, text for people.
type printer struct {
	out, errs io.Writer
	json      bool
	colour    bool
	live      bool // somebody watches errs
}

func (g *globals) printer(c *cobra.Command) *printer {
	out, errs := c.OutOrStdout(), c.ErrOrStderr()
	return &printer{
		out: out, errs: errs, json: g.json,
		colour: isTerminal(out) && os.Getenv("NO_COLOR") == "", // no-color.org
		live:   isTerminal(errs),
	}
}

// isTerminal reports whether somebody watches w: it is a character device, and
// not the one that swallows everything.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// show prints v as one line of JSON, or text, whichever was asked for.
func (p *printer) show(v any, text string) error {
	if p.json {
		line, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("cmd: print: %w", err)
		}
		text = string(line)
	}
	if _, err := fmt.Fprintln(p.out, strings.TrimRight(text, "\n")); err != nil {
		return fmt.Errorf("cmd: print: %w", err)
	}
	return nil
}

// The colours in use, as parameters of ECMA-48 SGR.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
)

// colours of the words that people look for.
var colours = map[string]string{
	"ready": green, "sleeping": yellow, "init": yellow, "lost": red, "high": red, "medium": yellow,
	"ERROR": red, "WARNING": yellow, string(describe.OK): green, string(describe.Warn): yellow, string(describe.Bad): red,
}

// paint colours a known word that may be padded with spaces.
func (p *printer) paint(cell string) string {
	sgr := colours[strings.TrimSpace(cell)]
	return p.painted(sgr, cell)
}

func (p *printer) painted(sgr, text string) string {
	if !p.colour || sgr == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// table aligns rows under head. What comes from outside is made printable.
func (p *printer) table(head []string, rows [][]string) string {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(printable(cell)))
		}
	}
	var b strings.Builder
	for n, row := range append([][]string{head}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			cell = printable(cell)
			padded := cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == len(row)-1 {
				padded = cell
			}
			if n == 0 {
				padded = p.painted(bold, padded)
			}
			line.WriteString(p.paint(padded) + "  ")
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// printable keeps text from outside from moving the cursor or worse.
func printable(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// number writes x as people do: seven digits at most, no trailing zeros; a
// larger one, such as a unix time, whole.
func number(x float64) string {
	if math.Abs(x) >= 1e7 && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 7, 64)
}

// valueText writes a setting's value with its unit.
func valueText(v any, unit string) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		return strings.TrimSpace(number(v) + " " + unit)
	case string:
		return v
	}
	return strings.TrimSpace(fmt.Sprint(v) + " " + unit)
}
