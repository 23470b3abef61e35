package ledger

import "fmt"

// DefaultMaxSubdoseML is the shipped largest inflow in one go, in mL.
const DefaultMaxSubdoseML = 1.0

// Exchange is what goes in and out together, in mL.
type Exchange struct{ MediaML, AltMediaML, WasteML float64 }

// InflowML is media and alt media together.
func (e Exchange) InflowML() float64 { return e.MediaML + e.AltMediaML }

// Split halves an exchange, waste and all, until its inflow is at most
// maxSubdoseML, and lists the equal parts to run one after the other. 1.5 mL
// thus becomes twice 0.75 mL. An exchange must remove at least what it adds; a
// fed batch, which removes nothing, has nothing to split. Source: Pioreactor 26.7.2.
func Split(e Exchange, maxSubdoseML float64) ([]Exchange, error) {
	for _, ml := range [...]float64{e.MediaML, e.AltMediaML, e.WasteML} {
		if !(ml >= 0 && ml <= MaxDoseML) {
			return nil, fmt.Errorf("ledger: exchange %+v: want volumes of 0 to %v mL", e, MaxDoseML)
		}
	}
	if !(maxSubdoseML >= 0.01 && maxSubdoseML <= MaxDoseML) {
		return nil, fmt.Errorf("ledger: largest sub-dose %v mL: want 0.01 to %v mL", maxSubdoseML, MaxDoseML)
	}
	if e.WasteML < e.InflowML()-tiny {
		return nil, fmt.Errorf("ledger: exchange adds %.3f mL and removes %.3f mL: remove at least as much", e.InflowML(), e.WasteML)
	}
	parts := 1
	for e.InflowML() > maxSubdoseML {
		e = Exchange{MediaML: e.MediaML / 2, AltMediaML: e.AltMediaML / 2, WasteML: e.WasteML / 2}
		parts *= 2
	}
	split := make([]Exchange, parts)
	for i := range split {
		split[i] = e
	}
	return split, nil
}
