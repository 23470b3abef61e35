package automation

// carried are volumes too small to pump as they should be, in mL, that wait to
// be part of a later dose. Dropped instead, they would bias the share of alt
// media in the vial.
type carried struct {
	MediaML    float64 `json:"media_ml"`
	AltMediaML float64 `json:"alt_media_ml"`
}

// add takes what is wanted now and returns what to pump, nothing of it below
// least mL, and what is left for later.
func (k carried) add(mediaML, altMediaML, least float64) (doseMediaML, doseAltMediaML float64, left carried) {
	doseMediaML, left.MediaML = pumpable(k.MediaML+mediaML, least)
	doseAltMediaML, left.AltMediaML = pumpable(k.AltMediaML+altMediaML, least)
	return doseMediaML, doseAltMediaML, left
}

func pumpable(ml, least float64) (dose, left float64) {
	if ml < least {
		return 0, ml
	}
	return ml, 0
}
