package pioactor_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// plant surveys a tree of files.
func plant(t *testing.T, files map[string]string) *house {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	h, err := survey(tree)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// importing is a small file of package p with the given imports.
func importing(paths ...string) string {
	text := "// Package p is planted.\npackage p\n"
	for _, p := range paths {
		text += "import _ \"" + p + "\"\n"
	}
	return text
}

const (
	ours  = module + "/"
	proto = "github.com/asynkron/protoactor-go/"
)

// crimes: for each law, planted trees and a part of each sentence wanted, in
// order. No sentence means that the tree is lawful.
var crimes = map[string]map[string]struct {
	files map[string]string
	want  []string
}{
	"imports point to a lower floor": {
		"down":                      {files: map[string]string{"bridge/b.go": importing(ours+"bridge/wire", ours+"actors", "fmt")}},
		"up":                        {map[string]string{"actors/a.go": importing(ours + "bridge")}, []string{"actors/a.go:3: actors (floor 10) imports bridge (floor 30)"}},
		"beside":                    {map[string]string{"actors/od/a.go": importing(ours + "actors/growth")}, []string{"actors/od (floor 20) imports actors/growth (floor 20)"}},
		"own sub-room":              {files: map[string]string{"hw/a.go": importing(ours + "hw/calibration")}},
		"sub-room to its parent":    {map[string]string{"hw/calibration/a.go": importing(ours + "hw")}, []string{"(floor 0) imports hw (floor 0)"}},
		"science below its job":     {files: map[string]string{"actors/growth/a.go": importing(ours + "actors/growth/ekf")}},
		"science looks up":          {map[string]string{"actors/growth/ekf/a.go": importing(ours + "actors/growth")}, []string{"(floor 0) imports actors/growth (floor 20)"}},
		"the root is the roof":      {map[string]string{"cmd/a.go": importing(module)}, []string{"imports . (floor 60)"}},
		"twin uses science":         {map[string]string{"hw/sim/a.go": importing(ours + "actors/pid")}, []string{"shares no code"}},
		"kit in the product":        {map[string]string{"cmd/standard/a.go": importing(ours + "hw/hwtest")}, []string{"a test kit is for _test files only"}},
		"kit uses the house":        {files: map[string]string{"actors/actorstest/a.go": importing(ours+"actors/unit", ours+"hw/sim")}},
		"tests go anywhere":         {files: map[string]string{"actors/a_test.go": importing(ours+"actors/actorstest", ours+"cmd")}},
		"new folder":                {map[string]string{"actors/sauna/a.go": importing(), "actors/sauna/b.go": importing()}, []string{`add "actors/sauna" to the table floors`}},
		"new folder of tests":       {map[string]string{"attic/a_test.go": importing()}, []string{`add "attic"`}},
		"folders nobody builds":     {files: map[string]string{"actors/testdata/x/a.go": importing(), "build/a.go": importing(), ".x/a.go": importing()}},
		"build tags do not protect": {map[string]string{"hw/a_windows.go": "//go:build never\n\n" + importing(ours+"cmd")}, []string{"hw/a_windows.go:5: hw (floor 0) imports cmd"}},
	},
	"every dependency has its home": {
		"at home": {files: map[string]string{
			"actors/a.go":            importing(proto + "actor"),
			"actors/cluster/a.go":    importing(proto+"actor", proto+"remote"),
			"bridge/mqtt/a.go":       importing("github.com/eclipse/paho.mqtt.golang"),
			"bridge/broker/a.go":     importing("github.com/mochi-mqtt/server/v2/listeners"),
			"hw/pioreactor/adc/a.go": importing("periph.io/x/conn/v3/i2c", "github.com/warthog618/go-gpiocdev"),
			"cmd/a.go":               importing("github.com/spf13/cobra", "github.com/BurntSushi/toml"),
			"actors/od/a_test.go":    importing("github.com/eclipse/paho.mqtt.golang"),
			"actors/growth/ekf/a.go": importing("gonum.org/v1/gonum/mat"),
		}},
		"proto.actor in a job":  {map[string]string{"actors/od/a.go": importing(proto + "actor")}, []string{"that is for actors, actors/cluster/... only"}},
		"remote in actors":      {map[string]string{"actors/a.go": importing(proto + "remote")}, []string{"that is for actors/cluster/... only"}},
		"paho in cmd":           {map[string]string{"cmd/a.go": importing("github.com/eclipse/paho.mqtt.golang")}, []string{"that is for bridge/... only"}},
		"broker in bridge":      {map[string]string{"bridge/a.go": importing("github.com/mochi-mqtt/server/v2")}, []string{"that is for bridge/broker/... only"}},
		"periph in a device":    {map[string]string{"actors/device/a.go": importing("periph.io/x/conn/v3/i2c")}, []string{"that is for hw/pioreactor/... only"}},
		"gpio in the interface": {map[string]string{"hw/a.go": importing("github.com/warthog618/go-gpiocdev")}, []string{"that is for hw/pioreactor/... only"}},
		"cobra in web":          {map[string]string{"bridge/web/a.go": importing("github.com/spf13/cobra")}, []string{"that is for cmd only"}},
		"database in a job":     {map[string]string{"actors/od/a.go": importing("modernc.org/sqlite")}, []string{"that is for actors/store/... only"}},
		"logs in pure science":  {map[string]string{"actors/pid/a.go": importing("math", "github.com/rs/zerolog")}, []string{"a pure room imports only"}},
	},
	"examples show only the public API": {
		"a lesson": {files: map[string]string{
			"examples/x/a.go":      importing("fmt", ours+"actors", ours+"hw", ours+"cmd", ours+"cmd/standard"),
			"examples/x/a_test.go": importing("testing", ours+"actors/actorstest", ours+"examples/x"),
		}},
		"another lesson":       {map[string]string{"examples/x/a_test.go": importing(ours + "examples/y")}, []string{"an example imports only"}},
		"inner room":           {map[string]string{"examples/x/a.go": importing(ours + "actors/device")}, []string{"an example imports only"}},
		"kit in a program":     {map[string]string{"examples/x/a.go": importing(ours + "actors/actorstest")}, []string{"an example imports only"}},
		"inner room in a test": {map[string]string{"examples/x/a_test.go": importing(ours + "hw/sim")}, []string{"an example imports only"}},
		"dependency":           {map[string]string{"examples/x/a.go": importing(proto + "actor")}, []string{"an example imports only"}},
	},
	"one package comment per package": {
		"one":           {files: map[string]string{"hw/a.go": importing(), "hw/b.go": "package p\n", "hw/a_test.go": "package p_test\n", "cmd/pioactor/a.go": "// Command pioactor is planted.\npackage main\n"}},
		"none":          {map[string]string{"hw/a.go": "// A remark.\n\npackage p\n"}, []string{"hw: package p has 0 package comments"}},
		"a directive":   {map[string]string{"hw/a.go": "//go:generate true\npackage p\n"}, []string{"hw: package p has 0 package comments"}},
		"two":           {map[string]string{"hw/a.go": importing(), "hw/b.go": importing()}, []string{"has 2 package comments [hw/a.go hw/b.go]"}},
		"wrong opening": {map[string]string{"hw/a.go": "// This is p.\npackage p\n", "cmd/pioactor/a.go": "// Package main is it.\npackage main\n"}, []string{`begin with "Command "`, `begin with "Package p "`}},
	},
	"the actor world has no clock": {
		"time as values": {files: map[string]string{"actors/od/a.go": "package p\nimport \"time\"\nfunc f(at time.Time) time.Time { return at.Add(time.Second) }\n"}},
		"timekeepers": {files: map[string]string{
			"actors/clock/a.go":   "package p\nimport \"time\"\nfunc f() { go time.Sleep(1) }\n",
			"actors/state/a.go":   "package p\nimport \"time\"\nvar _ = time.Now()\n",
			"actors/od/a_test.go": "package p\nfunc f() { go f() }\n",
			"bridge/mqtt/a.go":    "package p\nimport \"time\"\nfunc f() { go time.Sleep(1) }\n",
		}},
		"every clock":     {map[string]string{"actors/a.go": "package p\nimport \"time\"\nvar _ = []any{time.Now, time.Sleep, time.After, time.NewTimer, time.AfterFunc, time.Tick}\n"}, []string{"time.After:", "time.AfterFunc:", "time.NewTimer:", "time.Now:", "time.Sleep:", "time.Tick:"}},
		"another name":    {map[string]string{"actors/od/a.go": "package p\nimport wall \"time\"\nvar x = wall.Now()\n"}, []string{"actors/od/a.go:3: time.Now:"}},
		"dot import":      {map[string]string{"actors/od/a.go": "package p\nimport . \"time\"\nvar x = Now()\n"}, []string{`import . "time":`}},
		"goroutine":       {map[string]string{"actors/store/a.go": "package p\nfunc f() { go f() }\n"}, []string{"actors/store/a.go:2: go:"}},
		"deadline":        {map[string]string{"actors/a.go": "package p\nimport \"context\"\nvar x, y = context.WithTimeout(context.Background(), 1)\n"}, []string{"context.WithTimeout:"}},
		"future":          {map[string]string{"actors/a.go": "package p\nfunc f(c interface{ RequestFuture() }) { c.RequestFuture() }\n"}, []string{"RequestFuture:"}},
		"in pure science": {map[string]string{"actors/pid/a.go": "package p\nimport \"time\"\nvar x = time.Since(time.Time{})\n"}, []string{"time.Since:"}},
	},
	"no dependency in exported signatures": {
		"wrapped": {files: map[string]string{"actors/a.go": `package p
import ("time"; "github.com/asynkron/protoactor-go/actor"; "` + ours + `hw")
type Ref struct { pid *actor.PID; At time.Time }
type host struct { PID *actor.PID }
type Seam interface { Board() hw.Board; pid() *actor.PID }
func (h *host) Receive(c actor.Context) {}
func spawn(p *actor.Props) {}
func Spawn(at time.Time, b hw.Board) { var x actor.PID; _ = x }
func (r Ref) same(p *actor.PID) bool { return false }
func RegisterProps(name string, p *actor.Props) {}
var Zero = Ref{}
var none = actor.PID{}
`}},
		"everywhere": {map[string]string{"actors/a.go": `package p
import "github.com/asynkron/protoactor-go/actor"
func A(p *actor.PID) {}
func B() []*actor.PID { return nil }
type C struct { PID actor.PID }
type D struct { actor.PID }
type E interface { M(actor.PID) }
type F interface { actor.Actor }
type G = actor.PID
type H func(map[string]actor.PID)
type I[T actor.Actor] struct{}
func J[T actor.Actor]() {}
func (c *C) K(chan actor.PID) {}
func (i I[T]) L() actor.PID { panic(0) }
var M actor.PID
var N = &actor.PID{}
var O, P = 1, actor.New()
`}, []string{"actors.A ", "actors.B ", "actors.C ", "actors.D ", "actors.E ", "actors.F ", "actors.G ", "actors.H ", "actors.I ", "actors.J ", "actors.K ", "actors.L ", "actors.M ", "actors.N ", "actors.O "}},
		"a name unlike its path": {map[string]string{"cmd/a.go": "package p\nimport \"github.com/eclipse/paho.mqtt.golang\"\nfunc A(mqtt.Client) {}\nvar B = mqtt.NewClient()\n"}, []string{"cmd.A ", "cmd.B "}},
		"an alias":               {map[string]string{"hw/a.go": "package p\nimport time \"example.org/time\"\nfunc A(time.Time) {}\nvar B = time.Now()\n"}, []string{"hw.A ", "hw.B "}},
		"an alias of a value":    {map[string]string{"hw/a.go": "package p\nimport wall \"example.org/time\"\nvar A = wall.Now()\n"}, []string{"hw.A "}},
		"a word of a path":       {files: map[string]string{"hw/a.go": "package p\nimport (\n\"time\"\n\"example.org/time-series\"\n)\nvar A = time.Second\nvar b = series.New()\n"}},
		"dot import":             {map[string]string{"hw/a.go": "package p\nimport . \"example.org/i2c\"\nfunc A(Bus) {}\n"}, []string{`import . "example.org/i2c"`}},
		"inner rooms are free":   {files: map[string]string{"actors/cluster/a.go": "package p\nimport \"" + proto + "actor\"\nfunc A(*actor.PID) {}\n"}},
	},
	"no path of a machine in any file here": {
		"none":                {files: map[string]string{"docs/a.md": "see /usr/share and ./shared\n", ".git": "gitdir: /wo" + "rk/x\n", "build/x": "/ro" + "ot/go"}},
		"a binary is no text": {files: map[string]string{"hw/hw.test": "\x7fELF\x00/ro" + "ot/go"}},
		"in any file": {map[string]string{
			"docs/a.md":             "one\nsee ../sha" + "red/x\n",
			"hw/sim/testdata/a.txt": "/wo" + "rk/main\n",
			".ci/run":               "PATH=/ro" + "ot/go/bin\n",
		}, []string{".ci/run:1: ", "docs/a.md:2: ", "hw/sim/testdata/a.txt:1: "}},
	},
}

func TestLawsCatchTheirCrimes(t *testing.T) {
	for name, law := range laws {
		if len(crimes[name]) < 2 {
			t.Errorf("law %q has %d planted trees, want a lawful one and a crime at least", name, len(crimes[name]))
		}
		if name == "the actor world has no clock" { // its exceptions are files that are not planted here
			law = func(h *house) []string { return clockLaw(h, nil) }
		}
		for title, c := range crimes[name] {
			t.Run(name+"/"+title, func(t *testing.T) {
				matches(t, law(plant(t, c.files)), c.want)
			})
		}
	}
}

// matches wants one sentence for each part, in any order.
func matches(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("crimes = %d, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for _, part := range want {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, part) }) {
			t.Errorf("no sentence contains %q:\n%s", part, strings.Join(got, "\n"))
		}
	}
}

func TestClockExceptionsNeedAReasonAndAUse(t *testing.T) {
	h := plant(t, map[string]string{"actors/a.go": "package p\nfunc f() { go f() }\n"})
	for title, c := range map[string]struct {
		exempt map[use]string
		want   []string
	}{
		"granted":   {map[use]string{{"actors/a.go", "go"}: "the real driver of edge actors"}, nil},
		"no reason": {map[use]string{{"actors/a.go", "go"}: ""}, []string{"has no reason"}},
		"outlived":  {map[use]string{{"actors/a.go", "go"}: "edge", {"actors/b.go", "time.Now"}: "gone"}, []string{"actors/b.go: the exception for time.Now is not needed"}},
		"not this":  {map[use]string{{"actors/a.go", "time.Now"}: "edge"}, []string{"actors/a.go:2: go:", "is not needed"}},
	} {
		t.Run(title, func(t *testing.T) { matches(t, clockLaw(h, c.exempt), c.want) })
	}
}

func TestSurveyRefusesWhatDoesNotParse(t *testing.T) {
	if _, err := survey(fstest.MapFS{"hw/a.go": {Data: []byte("package")}}); err == nil {
		t.Error("a file that does not parse was let pass")
	}
}

func TestTheLongestPatternNamesTheFloor(t *testing.T) {
	for room, want := range map[string]int{
		"actors": 10, "actors/od": 20, "actors/od/optics": 1, "actors/od/lamp": 20,
		"actors/growth/ekf": 0, "actors/device/lease": 0, "bridge": 30, "bridge/web/page": 30, "cmd/pioactor": 60,
	} {
		for range 20 { // floors is a map: its order must not matter
			if got, known := floorOf(room); got != want || !known {
				t.Fatalf("floor of %s = %d (known %v), want %d", room, got, known, want)
			}
		}
	}
	for _, room := range []string{"actors/sauna", "actorsx", "bridge/webs", "hw/x", "cmd/x"} {
		if got, known := floorOf(room); known {
			t.Errorf("floor of %s = %d, want none", room, got)
		}
	}
}
