//go:build docs

package actorstest_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDocsControl measures the control of the whole unit on the twin's true
// state and writes docs/control.md.
func TestDocsControl(t *testing.T) {
	var p page
	t.Run("all", func(t *testing.T) { // ends when every row has
		p.density(t)
		p.unsaid(t)
		p.rhythm(t)
		p.warmth(t)
		p.recorded(t)
		p.speed(t)
		p.light(t)
		p.challenge(t)
	})
	if t.Failed() {
		return
	}
	text := controlHead
	for _, part := range p.parts {
		text += "\n" + part.words + "\n\n" + strings.Join(part.rows, "\n") + "\n"
	}
	if err := os.WriteFile("../../docs/control.md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text)
}

const controlHead = `# Control: how true

What the unit does with a culture, scored on the simulated vial's true state, which no sensor shows: 48 h of the whole unit in virtual time a row.
Refresh with ` + "`make docs`" + `. Seeds as in the tables, else 1. The growth rate's own figures are in [growth.md](growth.md).
The twin is a model: these figures say that the unit's decisions are right, not that a pump's tube never slips.
`

// page is what has been measured: a part for each question.
type page struct{ parts []*part }

type part struct {
	words string
	rows  []string
}

func (p *page) ask(words, head string) *part {
	columns := strings.Count(head, "|") - 1
	q := &part{words: words, rows: []string{head, "|" + strings.Repeat("---|", columns)}}
	p.parts = append(p.parts, q)
	return q
}

// row measures one row beside the others, and keeps its place.
func (q *part) row(t *testing.T, name string, measure func(t *testing.T) string) {
	i := len(q.rows)
	q.rows = append(q.rows, "")
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		q.rows[i] = measure(t)
	})
}

// judged marks what misses its aim.
func judged(text string, met bool) string {
	if met {
		return text
	}
	return "**" + text + " (missed)**"
}

func percent(x float64) string { return fmt.Sprintf("%+.1f %%", 100*x) }

const life = 48 // h

func (p *page) density(t *testing.T) {
	q := p.ask(densityWords, "| signal | inflow pumps | waste flow | noise | doses | at the dose | mean over time | doubled | most in the vial | dosing |")
	var all []densityLife
	for _, waste := range []float64{1, 0.5, 0} {
		for _, pump := range []float64{0.85, 1, 1.15} {
			for _, noise := range []float64{0.006, 0.016, 0.033} {
				all = append(all, densityLife{"normalized_od", pump, waste, noise, 0.15, life, 1, false})
			}
		}
	}
	for _, noise := range []float64{0.006, 0.016, 0.033} {
		all = append(all, densityLife{"od", 1, 1, noise, 0.15, life, 2, false})
	}
	all = append(all, densityLife{"normalized_od", 1, 1, 0.016, 0.45, life, 3, false}, densityLife{"od", 1, 1, 0.016, 0.45, life, 3, false})
	for _, x := range all {
		q.row(t, x.String(), func(t *testing.T) string { return x.row(x.live(t)) })
	}
}

// unsaid is what becomes of a sound vial when nobody says that its waste leaves.
func (p *page) unsaid(t *testing.T) {
	q := p.ask(unsaidWords, "| inflow pumps | noise | doses | most in the vial | dosing |")
	for _, pump := range []float64{0.85, 1, 1.15} {
		for _, noise := range []float64{0.006, 0.016, 0.033} {
			x := densityLife{"normalized_od", pump, 1, noise, 0.15, life, 1, true}
			q.row(t, x.String(), func(t *testing.T) string {
				s, dosing := x.live(t), "went on"
				if s.stopped >= 0 {
					dosing = fmt.Sprintf("waits after %d mL; called after %.1f h", s.doses, s.stopped.Hours())
				}
				return fmt.Sprintf("| %+.0f %% | %.1f %% | %d | %s | %s |", 100*(pump-1), 100*noise, s.doses,
					judged(fmt.Sprintf("%.1f of %.0f mL", s.mostML, s.capacityML), s.overML == 0), dosing)
			})
		}
	}
}

func (x densityLife) row(s densityScore) string {
	at, mean := percent(s.atDose), percent(s.mean)
	dosing := "went on"
	if s.stopped >= 0 {
		dosing = judged(fmt.Sprintf("stopped after %.1f h", s.stopped.Hours()), x.waste < 0.5)
	}
	noise := fmt.Sprintf("%.1f %%", 100*x.noise)
	if x.bubbles > 0.15 {
		noise += ", bubbles ×3"
	}
	return fmt.Sprintf("| %s | %+.0f %% | %.0f %% | %s | %d | %s | %s | %s | %s | %s |", x.signal, 100*(x.pump-1), 100*x.waste, noise, s.doses,
		judged(at, s.stopped >= 0 || s.atDose <= 0.03 && s.atDose >= -0.03), mean, judged(fmt.Sprint(s.doubled), s.doubled == 0),
		judged(fmt.Sprintf("%.1f of %.0f mL", s.mostML, s.capacityML), s.overML == 0), dosing)
}

func (p *page) rhythm(t *testing.T) {
	q := p.ask(rhythmWords, "| inflow pumps | seed | doses | missed | doubled | ledger less duration × calibration | most in the vial |")
	for i, pump := range []float64{0.85, 1, 1.15} {
		q.row(t, fmt.Sprint("chemostat ", pump), func(t *testing.T) string {
			s := rhythm(t, pump, life, 20, uint64(i+1))
			return fmt.Sprintf("| %+.0f %% | %d | %d | %s | %s | %s | %s |", 100*(pump-1), i+1, s.doses,
				judged(fmt.Sprint(s.missed), s.missed == 0), judged(fmt.Sprint(s.doubled), s.doubled == 0),
				judged(fmt.Sprintf("below %.0e mL", max(s.ledgerML, 1e-9)), s.ledgerML < 1e-6), judged(fmt.Sprintf("%.1f mL", s.mostML), s.overML == 0))
		})
	}
}

func (p *page) warmth(t *testing.T) {
	q := p.ask(warmthWords, "| 20 mL vial, version | room °C | target °C | beside | overshoot | steady | mean of the cycle | top of the cycle | worst measurement |")
	for _, version := range []string{"1.5", "1.0"} {
		for _, room := range []float64{18, 22, 27} {
			for _, target := range []float64{30, 37} {
				q.warmth(t, warmth{version, room, target, false, life, 1})
			}
		}
	}
	for _, room := range []float64{18, 22, 27} {
		q.warmth(t, warmth{"1.5", room, 37, true, life, 1})
	}
}

func (q *part) warmth(t *testing.T, x warmth) {
	q.row(t, fmt.Sprintf("thermostat %+v", x), func(t *testing.T) string {
		s := x.live(t)
		beside := "nothing"
		if x.dosing {
			beside = "a turbidostat"
		}
		return fmt.Sprintf("| %s | %g | %g | %s | %s | %s | %+.2f | %+.2f | %.2f |", x.version, x.room, x.target, beside,
			judged(fmt.Sprintf("%+.2f", s.overC), s.overC <= 0.5), judged(fmt.Sprintf("%+.2f", s.steadyC), s.steadyC <= 0.5 && s.steadyC >= -0.5),
			s.meanC, s.peakC, s.wrongC)
	})
}

func (p *page) recorded(t *testing.T) {
	q := p.ask(recordedWords, "| algorithm | cool-downs with a range | outside of it | by at most | most from its middle | spacing ±0.3 s: sd | at most | times not known | room 18 to 27 °C, told | not told |")
	for _, algorithm := range []string{"A", "B"} {
		q.row(t, "recorded "+algorithm, func(t *testing.T) string {
			s := recorded(t, algorithm)
			untold := fmt.Sprintf("%.1f °C", s.untoldC)
			if s.unfit > 0 {
				untold += fmt.Sprintf(", %d refused", s.unfit)
			}
			return fmt.Sprintf("| %s | %d | %d | %.2f °C | %s | %.2f °C | %s | %.2f °C | %.2f °C | %s |", algorithm, s.n, s.outside, s.outC, judged(fmt.Sprintf("%.2f °C", s.offC), s.offC <= 0.5),
				s.jitterSD, judged(fmt.Sprintf("%.2f °C", s.jitterC), s.jitterC <= 0.5), s.blindC, s.roomC, untold)
		})
	}
}

func (p *page) speed(t *testing.T) {
	q := p.ask(speedWords, "| rpm/% | friction | inertia | target rpm | at the start | after +200 rpm | strays |")
	for _, x := range []fan{{15, 3, 0.3, 300}, {15, 9, 2, 500}, {22, 5, 0.6, 300}, {22, 5, 0.6, 500}, {22, 5, 0.6, 1000}, {30, 3, 2, 300}, {30, 9, 0.3, 1000}} {
		q.row(t, fmt.Sprintf("stirring %+v", x), func(t *testing.T) string {
			start, step, strays := x.live(t)
			in := func(d time.Duration) string { return judged(fmt.Sprintf("%.0f s", d.Seconds()), d <= time.Minute) }
			return fmt.Sprintf("| %g | %g %% | %g s | %g | %s | %s | %s |", x.perPct, x.friction, x.inertia, x.target, in(start), in(step),
				judged(fmt.Sprintf("%.1f rpm", strays), strays <= 20))
		})
	}
}

func (p *page) light(t *testing.T) {
	q := p.ask(lightWords, "| light : dark | changes | off by at most | of the light hours lit |")
	q.row(t, "light", func(t *testing.T) string {
		off, changes, share := daylight(t, life, 1)
		return fmt.Sprintf("| 16 h : 8 h | %d | %s | %.0f %% |", changes, judged(fmt.Sprintf("%.1f s", off.Seconds()), off <= 10*time.Second && changes == 5), 100*share)
	})
}

func (p *page) challenge(t *testing.T) {
	q := p.ask(challengeWords, "| automation | inflow pumps | target 1/h | true growth, last 24 h | ± within | density meanwhile | IC50 rose |")
	for _, pump := range []float64{0.85, 1, 1.15} {
		q.challenge(t, challenge{pid8, 0.03, pump, usual, 0.3, life, 3})
	}
	for _, pump := range []float64{0.85, 1, 1.15} {
		q.challenge(t, challenge{toprak8, 0.03, pump, usual, 0, life, 3})
	}
}

func (q *part) challenge(t *testing.T, x challenge) {
	q.row(t, x.String(), func(t *testing.T) string {
		s := x.live(t)
		return fmt.Sprintf("| %s | %+.0f %% | %.3f | %s | %.3f | %+.0f %% | %.2f times |", x.name(), 100*(x.pump-1), s.targetPerH,
			judged(fmt.Sprintf("%.3f (%+.1f %%)", s.muPerH, 100*s.off()), math.Abs(s.off()) <= 0.05), s.sdPerH, 100*math.Expm1(s.lnDensity), s.rise)
	})
}
