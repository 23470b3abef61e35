package pioactor_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// house is a source tree under judgement. Build tags are ignored on purpose:
// the laws hold for every platform at once.
type house struct {
	fsys  fs.FS
	fset  *token.FileSet
	files []source // in lexical order
}

// source is one Go file.
type source struct {
	name, room string // slash paths from the root; the root room is "."
	test       bool
	syntax     *ast.File
}

// use is something a file mentions.
type use struct{ file, what string }

// survey parses every Go file that the go command would see.
func survey(fsys fs.FS) (*house, error) {
	h := &house{fsys: fsys, fset: token.NewFileSet()}
	return h, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && unseen(name):
			return fs.SkipDir
		case !d.Type().IsRegular() || path.Ext(name) != ".go" || unseen(name):
			return nil
		}
		return h.add(name)
	})
}

func (h *house) add(name string) error {
	text, err := fs.ReadFile(h.fsys, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(h.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	h.files = append(h.files, source{name, path.Dir(name), strings.HasSuffix(name, "_test.go"), syntax})
	return nil
}

// unseen reports what the go command passes over, and build, where make writes.
func unseen(name string) bool {
	base := path.Base(name)
	return name == "build" || base == "testdata" || base == "vendor" ||
		name != "." && (base[0] == '.' || base[0] == '_')
}

// crime says where and what.
func (h *house) crime(at token.Pos, format string, args ...any) string {
	p := h.fset.Position(at)
	return fmt.Sprintf("%s:%d: ", p.Filename, p.Line) + fmt.Sprintf(format, args...)
}

// fits reports whether room is meant by a pattern: "a" or "a/...".
func fits(pattern, room string) bool {
	tree, deep := strings.CutSuffix(pattern, "/...")
	return room == tree || deep && strings.HasPrefix(room, tree+"/")
}

func fitsAny(patterns []string, room string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, room) })
}

// floorOf is the floor of the longest pattern that fits; of two for the same
// folder the exact one.
func floorOf(room string) (floor int, known bool) {
	best := -1
	for pattern, n := range floors {
		rank := 2 * len(strings.TrimSuffix(pattern, "/..."))
		if !strings.HasSuffix(pattern, "/...") {
			rank++
		}
		if fits(pattern, room) && rank > best {
			best, floor, known = rank, n, true
		}
	}
	return floor, known
}

// pathOf is an import's path.
func pathOf(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser has let it pass: judge it as written
	}
	return p
}

// roomOf is the room an import path names, if it is one of ours.
func roomOf(importPath string) (room string, ours bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// foreign reports an import of somebody else's module.
func foreign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	_, ours := roomOf(importPath)
	return !ours && strings.Contains(first, ".")
}

func floorLaw(h *house) (crimes []string) {
	lost := map[string]bool{}
	for _, s := range h.files {
		floor, known := floorOf(s.room)
		if !known && !lost[s.room] {
			lost[s.room] = true
			crimes = append(crimes, fmt.Sprintf("%s: this folder has no floor: add %q to the table floors in laws_test.go and to the rooms in doc.go", s.room, s.room))
		}
		if !known || s.test {
			continue
		}
		for _, spec := range s.syntax.Imports {
			if why := climbs(s.room, floor, pathOf(spec)); why != "" {
				crimes = append(crimes, h.crime(spec.Pos(), "%s", why))
			}
		}
	}
	return crimes
}

// climbs says what is wrong with an import out of a room on floor, or nothing.
func climbs(room string, floor int, importPath string) string {
	to, ours := roomOf(importPath)
	if !ours {
		return ""
	}
	for _, b := range barred {
		if fits(b.from, room) && fits(b.to, to) {
			return fmt.Sprintf("%s imports %s: %s", room, to, b.why)
		}
	}
	target, known := floorOf(to)
	inside := target == floor && strings.HasPrefix(to, room+"/")
	switch {
	case !known: // the folder itself is reported, or does not compile
	case fitsAny(kits, to) && !inside:
		return fmt.Sprintf("%s imports %s: a test kit is for _test files only", room, to)
	case target >= floor && !inside:
		return fmt.Sprintf("%s (floor %d) imports %s (floor %d): an import points to a lower floor", room, floor, to, target)
	}
	return ""
}

func homeLaw(h *house) (crimes []string) {
	for _, s := range h.files {
		if s.test {
			continue
		}
		for _, spec := range s.syntax.Imports {
			p := pathOf(spec)
			if rooms, owned := homeOf(p); owned && !fitsAny(rooms, s.room) {
				crimes = append(crimes, h.crime(spec.Pos(), "%s imports %s: that is for %s only", s.room, p, strings.Join(rooms, ", ")))
			}
			if foreign(p) && fitsAny(pure, s.room) && !within(p, pureDependency) {
				crimes = append(crimes, h.crime(spec.Pos(), "%s imports %s: a pure room imports only the standard library and gonum", s.room, p))
			}
		}
	}
	return crimes
}

// homeOf is the entry of homes with the longest prefix of importPath.
func homeOf(importPath string) (rooms []string, owned bool) {
	best := ""
	for prefix, r := range homes {
		if within(importPath, prefix) && len(prefix) > len(best) {
			best, rooms, owned = prefix, r, true
		}
	}
	return rooms, owned
}

// within reports that importPath is module prefix or a package in it.
func within(importPath, prefix string) bool {
	return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
}

func lessonLaw(h *house) (crimes []string) {
	for _, s := range h.files {
		if !fits("examples/...", s.room) {
			continue
		}
		for _, spec := range s.syntax.Imports {
			p := pathOf(spec)
			room, ours := roomOf(p)
			allowed := fitsAny(lessons, room) || s.test && (fitsAny(lessonTests, room) || room == s.room)
			if (ours && !allowed) || foreign(p) {
				crimes = append(crimes, h.crime(spec.Pos(), "%s imports %s: an example imports only %s (its tests also %s)",
					s.room, p, strings.Join(lessons, ", "), strings.Join(lessonTests, ", ")))
			}
		}
	}
	return crimes
}

func commentLaw(h *house) (crimes []string) {
	type pkg struct{ room, name string }
	comments := map[pkg][]string{} // the files that carry one
	var order []pkg
	for _, s := range h.files {
		if s.test {
			continue
		}
		key := pkg{s.room, s.syntax.Name.Name}
		if _, seen := comments[key]; !seen {
			order, comments[key] = append(order, key), nil
		}
		text := strings.TrimSpace(s.syntax.Doc.Text())
		if text == "" {
			continue
		}
		comments[key] = append(comments[key], s.name)
		if start := opening(key.name); !strings.HasPrefix(text, start) {
			crimes = append(crimes, h.crime(s.syntax.Package, "the package comment must begin with %q", start))
		}
	}
	for _, key := range order {
		if n := len(comments[key]); n != 1 {
			crimes = append(crimes, fmt.Sprintf("%s: package %s has %d package comments %v, want exactly one", key.room, key.name, n, comments[key]))
		}
	}
	return crimes
}

// opening is how go doc expects a package's comment to begin.
func opening(name string) string {
	if name == "main" {
		return "Command "
	}
	return "Package " + name + " "
}

func pathLaw(h *house) (crimes []string) {
	err := fs.WalkDir(h.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path.Base(name) == ".git" || name == "build":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		text, err := fs.ReadFile(h.fsys, name)
		if bytes.IndexByte(text, 0) >= 0 {
			return err // a program or an archive, not something anybody wrote
		}
		for _, p := range machinePaths {
			if before, _, found := bytes.Cut(text, []byte(p)); found {
				crimes = append(crimes, fmt.Sprintf("%s:%d: mentions %q, a path of one machine", name, 1+bytes.Count(before, []byte("\n")), p))
			}
		}
		return err
	})
	if err != nil {
		crimes = append(crimes, err.Error())
	}
	return crimes
}
