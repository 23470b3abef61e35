package optics

import "slices"

// blankTrim is how many readings at each end do not count. Pioreactor 26.7.2.
const blankTrim = 2

// BlankMean is the mean of readings in AU without the 2 lowest and the 2
// highest; of 4 or fewer, of all. No readings are 0.
func BlankMean(readings []float64) float64 {
	sorted := slices.Sorted(slices.Values(readings))
	if len(sorted) > 2*blankTrim {
		sorted = sorted[blankTrim : len(sorted)-blankTrim]
	}
	sum := 0.0
	for _, r := range sorted {
		sum += r
	}
	return sum / float64(max(len(sorted), 1))
}
