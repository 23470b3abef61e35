package install

import (
	"fmt"
	"strings"
)

// contextLines are shown around a change, as diff -u does.
const contextLines = 3

// edit is one line of a comparison: ' ' in both, '-' only before, '+' only after.
type edit struct {
	kind byte
	line string
}

// unified compares two texts as `diff -u` does. It is quadratic: for files that
// people write. A module for that would be larger than this is.
func unified(from, to, before, after string) string {
	if before == after {
		return ""
	}
	edits := compare(lines(before), lines(after))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, to)
	oldLine, newLine := 1, 1
	for at := 0; at < len(edits); {
		if edits[at].kind == ' ' && !changesWithin(edits[at:], contextLines) {
			at, oldLine, newLine = at+1, oldLine+1, newLine+1
			continue
		}
		n := hunk(edits[at:])
		olds, news := count(edits[at : at+n])
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", span(oldLine, olds), span(newLine, news))
		for _, e := range edits[at : at+n] {
			fmt.Fprintf(&b, "%c%s\n", e.kind, e.line)
		}
		at, oldLine, newLine = at+n, oldLine+olds, newLine+news
	}
	return b.String()
}

// lines splits text. A last line without its end carries diff's remark, and so
// differs from one with it.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	if whole, ok := strings.CutSuffix(text, "\n"); ok {
		return strings.Split(whole, "\n")
	}
	all := strings.Split(text, "\n")
	all[len(all)-1] += "\n\\ No newline at end of file"
	return all
}

// compare aligns a and b on their longest common subsequence.
func compare(a, b []string) []edit {
	longest := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	var edits []edit
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	return edits
}

// changesWithin reports a change among the first n lines or right after them.
func changesWithin(edits []edit, n int) bool {
	for _, e := range edits[:min(n+1, len(edits))] {
		if e.kind != ' ' {
			return true
		}
	}
	return false
}

// hunk is how many lines belong together from here on.
func hunk(edits []edit) int {
	end, same := 0, 0
	for n, e := range edits {
		if e.kind != ' ' {
			end, same = n+1, 0
		} else if same++; same > 2*contextLines && end > 0 {
			break
		}
	}
	return min(end+contextLines, len(edits))
}

func count(edits []edit) (olds, news int) {
	for _, e := range edits {
		if e.kind != '+' {
			olds++
		}
		if e.kind != '-' {
			news++
		}
	}
	return olds, news
}

// span writes a range of lines; an empty one stands behind the line before it.
func span(from, n int) string {
	if n == 0 {
		from--
	}
	return fmt.Sprintf("%d,%d", from, n)
}
