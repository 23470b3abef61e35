package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/calibration"
)

// typing runs a command with lines for its input.
func (n *fakeNode) typing(lines []string, args ...string) said {
	var out, errs bytes.Buffer
	in := strings.NewReader(strings.Join(lines, "\n") + "\n")
	code := executeFrom(context.Background(), in, append([]string{"--data-dir", n.dir}, args...), &out, &errs)
	return said{code, out.String(), errs.String()}
}

// weighings answers ten runs of 8, 9.5 and 11 s at 0.1 mL/s.
func weighings() []string {
	var lines []string
	for _, weight := range []string{"0.8", "0.8", "0.8", "0.8", "0.95", "0.95", "1.1", "1.1", "1.1", "1.1"} {
		lines = append(lines, "", weight)
	}
	return lines
}

func TestPumpIsCalibratedInTheTerminal(t *testing.T) {
	n := openFake(t)
	left := n.typing([]string{"", "12,5", "20", "0", "", "0.09"}, "calibrations", "run", "media_pump")
	if left.code != exitFailed || !strings.Contains(left.errs, "left unfinished") ||
		!strings.Contains(left.errs, `! prime_s: want a number with a point, such as 12.5, got "12,5"`) {
		t.Fatalf("an end of the input in the middle: %+v", left)
	}
	lines := append([]string{"undo", "90", "0.1", "undo", "redo"}, weighings()...)
	done := n.typing(append(lines, "from water", "yes"), "calibrations", "run", "media_pump")
	for _, want := range []string{
		"Weighing 1 of 10", "Weighing 10 of 10", "The pump moves 0.1 mL/s; single runs scatter by 0.0 %. Good for doses of 0.80 to 1.10 mL.",
		"→ name [media_pump-", "from water is saved, and the active calibration of media_pump.\n",
	} {
		if done.code != exitDone || !strings.Contains(done.out, want) {
			t.Errorf("%d, %q, and no %q in\n%s", done.code, done.errs, want, done.out)
		}
	}
	if !strings.Contains(done.errs, "! weight_g: 90 g in 1 s is 90 mL/s") {
		t.Errorf("milligrams were taken: %q", done.errs)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"calibrations", 0, "media_pump  from water  active  simple_peristaltic_pump  "},
		{"calibrations list media_pump", 0, "Duration 8 to 11\n"},
		{"calibrations list od90", 0, "none so far\n"},
		{"calibrations show media_pump from_air", 3, "media_pump has no \"from_air\" in calibrations; see `pioactor calibrations list`\n"},
		{"calibrations delete media_pump from_air", 3, ""},
		{"calibrations unuse media_pump", 0, "media_pump uses none\n"},
		{"calibrations unuse media_pump", 3, "media_pump has no active file in calibrations\n"},
		{"calibrations run heater", 3, "device: want one of media_pump"},
		{"calibrations run", 2, "accepts 1 arg(s), received 0;"},
		{"calibrations use media_pump", 2, "accepts 2 arg(s), received 1;"},
		{"calibrations import media_pump ghost.yaml", 1, "ghost.yaml"},
		{"estimators", 0, "none so far\n"},
		{"estimators use od_fused x", 3, "see `pioactor estimators list`\n"},
	} {
		got := n.call(strings.Fields(c.args)...)
		if got.code != c.code || !strings.Contains(got.out+got.errs, c.want) {
			t.Errorf("%s: %+v, want %d and %q", c.args, got, c.code, c.want)
		}
	}
}

func TestQuittingEndsAProcedure(t *testing.T) {
	n := openFake(t)
	got := n.typing([]string{"1", "QUIT"}, "calibrations", "run", "waste_pump")
	if got.code != exitDone || !strings.HasSuffix(got.out, "It was stopped, and nothing was saved.\n") {
		t.Errorf("%+v", got)
	}
	got = n.typing([]string{"1", "quit"}, "--json", "calibrations", "run", "waste_pump")
	var last actors.Procedure
	rows := strings.Split(strings.TrimSpace(got.out), "\n")
	if err := json.Unmarshal([]byte(rows[len(rows)-1]), &last); err != nil || len(rows) != 3 || last.State != actors.ProcedureEnded {
		t.Errorf("%d rows, the last %+v, %v", len(rows), last, err)
	}
}

func TestStirrerThatIsNotThereFailsTheCommand(t *testing.T) {
	n := openFake(t)
	if got := n.call("calibrations", "run", "stirring"); got.code != exitFailed || !strings.Contains(got.out, "Nothing was saved: stirrer is not running") {
		t.Errorf("%+v", got)
	}
}

func TestFilesAreImportedShownAndExported(t *testing.T) {
	n := openFake(t)
	const file = "../hw/calibration/testdata/calibrations/od90/irl-data-1.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.call("calibrations", "import", "od90", file); got.code != 0 || !strings.Contains(got.out, "od90 has irl-data-1; `pioactor calibrations use od90 irl-data-1`") {
		t.Fatalf("%+v", got)
	}
	if got := n.call("calibrations", "import", "od90", file); got.code != exitRefused || !strings.Contains(got.errs, "already has a file irl-data-1") {
		t.Errorf("imported twice: %+v", got)
	}
	if got := n.typing([]string{"nonsense"}, "calibrations", "import", "od90", "-"); got.code != exitRefused || !strings.Contains(got.errs, "import.yaml") {
		t.Errorf("imported nonsense: %+v", got)
	}
	long := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(long, bytes.Repeat([]byte("# \n"), calibration.MaxBytes/2), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := n.call("calibrations", "import", "od90", long); got.code != exitUsage {
		t.Errorf("imported too much: %+v", got)
	}
	full := append(bytes.Repeat([]byte("#\n"), (calibration.MaxBytes-len(text))/2), text...)
	if err := os.WriteFile(long, full, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := n.call("calibrations", "import", "od90", long); got.code != exitRefused || !strings.Contains(got.errs, "already has a file") {
		t.Errorf("the longest file that is allowed: %+v", got)
	}
	if got := n.call("calibrations", "export", "od90", "irl-data-1"); got.out != string(text) {
		t.Errorf("exported %+v, want the file as it came", got)
	}
	copied := filepath.Join(t.TempDir(), "copy.yaml")
	for code, want := range []string{"written to " + copied, "exists"} {
		if got := n.call("calibrations", "export", "od90", "irl-data-1", copied); got.code != code || !strings.Contains(got.out+got.errs, want) {
			t.Errorf("export %+v, want %q", got, want)
		}
	}
	if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, text) {
		t.Errorf("the copy differs: %v", err)
	}
	got := n.call("calibrations", "show", "od90", "irl-data-1")
	for _, want := range []string{"od90 irl-data-1\n", "light    IR at ", "curve    "} {
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("shown %+v, want %q", got, want)
		}
	}
	c, err := calibration.Parse("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "plot", "od90.golden"), plotOf(c).text())
	for _, c := range [][2]string{{"use", "od90 now uses irl-data-1\n"}, {"delete", "is the active one of od90"}, {"unuse", "od90 uses none\n"}, {"delete", "irl-data-1 is deleted\n"}} {
		args := []string{"calibrations", c[0], "od90", "irl-data-1"}
		if c[0] == "unuse" {
			args = args[:3]
		}
		if got := n.call(args...); !strings.Contains(got.out+got.errs, c[1]) {
			t.Errorf("%s: %+v, want %q", c[0], got, c[1])
		}
	}
}

func TestPlotsOfOddCurves(t *testing.T) {
	line := func(points calibration.Points, coefficients ...float64) calibration.Calibration {
		return calibration.Calibration{Kind: calibration.Pump, X: "Duration", Y: "Volume", Recorded: points,
			Curve: calibration.Curve{Type: calibration.Poly, Poly: coefficients}}
	}
	for name, c := range map[string]struct {
		c    calibration.Calibration
		want string
	}{
		"one point":  {line(calibration.Points{X: []float64{2}, Y: []float64{1}}, 0.5, 0), "o"},
		"flat":       {line(calibration.Points{X: []float64{0, 1}, Y: []float64{3, 3}}, 3), "··"},
		"no points":  {line(calibration.Points{}, 1, 0), "·"},
		"overflows":  {line(calibration.Points{X: []float64{1e300, 2e300}}, 1e300, 1e300, 0), "overflows"},
		"far points": {line(calibration.Points{X: []float64{0, 1}, Y: []float64{-1e6, 1e6}}, 1, 0), "1e+06"},
	} {
		if got := plotOf(c.c).text(); !strings.Contains(got, c.want) || strings.Contains(got, "NaN") {
			t.Errorf("%s: no %q in\n%s", name, c.want, got)
		}
	}
}
