// Package ekf estimates the specific growth rate µ (1/h) of a culture from its
// normalized OD, one fused update per OD reading.
//
// Two filters stand behind [Filter]:
//
//   - [Legacy] computes what grpredict 26.4.7 computes, number for number, so
//     that an experiment can be compared with a Pioreactor's.
//   - [Default] is the house filter. It is told each dose's known step
//     −ln(1+v/V) and learns the pumps' true gain, follows a fast onset within
//     minutes, and tells a change of growth from a bumped vial.
//
// Both work on ln OD, where growth is a straight line of slope µ. [WarmUp]
// turns the first readings into what either needs to start.
//
// The package refuses to keep time, to know about experiments or doses in mL,
// and to guess: a reading that is not a positive finite number is an error and
// leaves the state as it was. A filter is not safe for concurrent use.
//
//	warm, _ := ekf.NewWarmUp(1, 10)
//	for !warm.Done() {
//		_ = warm.Add(reading, 5*time.Second) // raw OD, one value per channel
//	}
//	start, _ := warm.Start()
//	filter, _ := ekf.NewDefault(start, ekf.DefaultTuning())
//	est, _ := filter.Update(ekf.Observation{OD: []float64{0.26 / start.Factors[0]}, Dt: 5 * time.Second})
//	fmt.Println(est.GrowthRatePerH, est.SDPerH)
package ekf
