// Package pioreactor is the real board: an [hw.Board] made of the drivers in
// hw/pioreactor/chip and hw/pioreactor/line, as a description says that they are
// wired.
//
// It refuses to guess: what is soldered where is the description's word, what is
// wired to which PWM channel the config's. It refuses to leave an output as it
// found it: opening a board drives every output to 0, wired or not, because a
// PWM channel of the kernel goes on when the process that set it has died.
//
//	found, _, err := describe.Look(m, …)
//	board, err := pioreactor.Open(m, found, pioreactor.Options{Roles: map[string]int{"stirring": 1, "media": 2}})
package pioreactor
