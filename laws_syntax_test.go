package pioactor_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// clockLaw reports every mention of the wall clock, a future or a goroutine in
// the timeless rooms that exempt does not list, and every exemption that lacks
// a reason or a use.
func clockLaw(h *house, exempt map[use]string) (crimes []string) {
	needed := map[use]bool{}
	for _, s := range h.files {
		if s.test || !fitsAny(timeless, s.room) || fitsAny(timekeepers, s.room) {
			continue
		}
		for _, m := range clockUses(s.syntax) {
			key := use{s.name, m.what}
			needed[key] = true
			if _, ok := exempt[key]; !ok {
				crimes = append(crimes, h.crime(m.at, "%s: time comes from actors/clock, and work that waits is an edge actor", m.what))
			}
		}
	}
	for key, reason := range exempt {
		if !needed[key] || reason == "" {
			crimes = append(crimes, fmt.Sprintf("%s: the exception for %s is not needed or has no reason", key.file, key.what))
		}
	}
	slices.Sort(crimes)
	return crimes
}

// mention is a forbidden thing and its place.
type mention struct {
	what string
	at   token.Pos
}

// clockUses lists what a file takes from wallClock and futures, and its go
// statements; a dot import of a clock counts as a use of all of it.
func clockUses(f *ast.File) (found []mention) {
	clocks := map[string]string{} // name in this file -> import path
	for _, spec := range f.Imports {
		if p := pathOf(spec); wallClock[p] != nil {
			clocks[nameOf(spec)] = p
			if nameOf(spec) == "." {
				found = append(found, mention{`import . "` + p + `"`, spec.Pos()})
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, mention{"go", n.Pos()})
		case *ast.SelectorExpr:
			x, _ := n.X.(*ast.Ident)
			switch {
			case x != nil && slices.Contains(wallClock[clocks[x.Name]], n.Sel.Name):
				found = append(found, mention{clocks[x.Name] + "." + n.Sel.Name, n.Pos()})
			case slices.Contains(futures, n.Sel.Name):
				found = append(found, mention{n.Sel.Name, n.Pos()})
			}
		}
		return true
	})
	return found
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// nameOf is the name a file gives an import. Without an alias it is the last
// element of the path, which is right for the standard library and our rooms.
func nameOf(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	p := pathOf(spec)
	if majorVersion.MatchString(path.Base(p)) {
		p = path.Dir(p)
	}
	return path.Base(p)
}

// signatureLaw reports every exported name of the public rooms whose type
// mentions a dependency.
func signatureLaw(h *house) (crimes []string) {
	for _, s := range h.files {
		if s.test || !fitsAny(publicRooms, s.room) {
			continue
		}
		j := judgeOf(s.syntax)
		for _, decl := range s.syntax.Decls {
			j.decl(decl)
		}
		for _, m := range j.found {
			if name := path.Base(s.room) + "." + m.what; !escapeHatches[name] {
				crimes = append(crimes, h.crime(m.at, "%s shows a dependency's type: wrap it in one of ours", name))
			}
		}
	}
	return crimes
}

// judge looks through the exported declarations of one file.
type judge struct {
	own     map[string]bool // names of imports that are ours or the standard library's
	foreign map[string]bool // words that may name a dependency
	found   []mention       // exported name, place
}

// judgeOf sorts the imports. What a dependency calls itself cannot be known
// from its path alone, so without an alias every word of the path is suspect.
func judgeOf(f *ast.File) *judge {
	j := &judge{own: map[string]bool{}, foreign: map[string]bool{}}
	for _, spec := range f.Imports {
		p := pathOf(spec)
		switch {
		case !foreign(p):
			j.own[nameOf(spec)] = true
		case nameOf(spec) == ".":
			j.found = append(j.found, mention{`import . "` + p + `"`, spec.Pos()})
		case spec.Name != nil:
			j.foreign[spec.Name.Name] = true
		default:
			for _, word := range strings.FieldsFunc(p, func(r rune) bool { return strings.ContainsRune("/.-", r) }) {
				j.foreign[word] = true
			}
		}
	}
	return j
}

func (j *judge) decl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d.Recv) {
			j.types(d.Name.Name, d.Type)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			j.spec(spec)
		}
	}
}

// exportedReceiver reports a plain function, or a method of an exported type.
func exportedReceiver(recv *ast.FieldList) bool {
	if recv == nil {
		return true
	}
	exported := false
	ast.Inspect(recv.List[0].Type, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		exported = exported || ok && id.IsExported()
		return !ok
	})
	return exported
}

func (j *judge) spec(spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			j.types(spec.Name.Name, spec.TypeParams)
			j.types(spec.Name.Name, spec.Type)
		}
	case *ast.ValueSpec:
		i := slices.IndexFunc(spec.Names, (*ast.Ident).IsExported)
		switch {
		case i < 0:
		case spec.Type != nil:
			j.types(spec.Names[i].Name, spec.Type)
		default:
			for _, v := range spec.Values {
				j.value(spec.Names[i].Name, v)
			}
		}
	}
}

// types walks a type. There x.T can only be a package's T, so whatever is not
// known to be ours is a dependency's. Unexported fields and methods are private.
func (j *judge) types(name string, n ast.Node) {
	if list, ok := n.(*ast.FieldList); n == nil || ok && list == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StructType:
			j.members(name, n.Fields)
			return false
		case *ast.InterfaceType:
			j.members(name, n.Methods)
			return false
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && !j.own[x.Name] {
				j.found = append(j.found, mention{name, n.Pos()})
			}
			return false
		}
		return true
	})
}

// members walks what a struct or interface shows: exported names, embedded types.
func (j *judge) members(name string, list *ast.FieldList) {
	for _, f := range list.List {
		if len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported) {
			j.types(name, f.Type)
		}
	}
}

// value walks the initial value of an exported variable without a type.
func (j *judge) value(name string, v ast.Expr) {
	ast.Inspect(v, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			j.types(name, n.Type)
			return false
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && j.foreign[x.Name] && !j.own[x.Name] {
				j.found = append(j.found, mention{name, n.Pos()})
			}
		}
		return true
	})
}
