// Package sim is a digital twin: a [Board] is one vial with a growing culture
// and the electronics around it; a [Replay] is a board fed from a recording.
//
// It refuses to schedule and to be random: it has no goroutine, never sleeps,
// never asks for the time of day. Each call first advances the twin to now(),
// in pieces of at most 10 s within which nothing switches; the same seed and
// the same calls at the same instants give the same bytes. It shares no code
// with the science that is tested against it.
//
//	board, err := sim.New(sim.DefaultConfig(), clock.Now)
//	…
//	board.Inject(sim.Fault{Kind: sim.PumpDead, Target: "media"})
//	fmt.Println(board.Truth().ODAU)
//
// # Culture (culture.go, lag.go, monod.go)
//
// X is biomass in AU, S substrate in g/L, A the fraction of alt media, q the
// physiological state, T the vial in °C. Between flows:
//
//	X' = µ·X, S' = −µ·X/Y, q' = µmax·q
//	µ  = µmax · q/(1+q) · S/(Ks+S) · 1/(1+(A/IC50)^n) · exp(−½((T−Topt)/w)²)
//
// with q(0) = 1/(e^(µmax·lag)−1) (Baranyi & Roberts 1994) and optionally
// µ·X ≤ the oxygen limit. A piece is integrated exactly in X, S and q. Under
// selection ln IC50 may rise with each generation, in proportion to the
// inhibition. While the bar stands, cells sediment out of the light.
//
// # Vial (mixing.go, vial.go, pump.go)
//
//	V' = in − waste − overflow − evaporation
//	c' = (in·c_in − (in − evaporation)·c)/V    for X, S, A
//
// exactly, for constant flows. A pump moves rate·factor·duty/100. The waste
// pump takes only liquid above the efflux tube's tip, and air otherwise; an
// empty bottle gives air; what would rise above the brim is overflow. Inflow
// is at room temperature.
//
// # Stirrer (stirrer.go)
//
//	ω' = (ω∞ − ω)/τ,  ω∞ = k·(duty − friction)
//
// if the bar turns and duty ≥ stall_pct, or duty ≥ start_pct; else it coasts
// with ω∞ = 0 until static friction holds it at 30 rpm. The angle is ∫ω, and
// each edge's instant its inverse, to the nanosecond.
//
// # Heat (thermal.go)
//
// E is the vial's excess over the room, L the board's lead over the vial:
//
//	L' = (lead·duty − L)/τ_board,  E' = (rise/lead·L − E)/τ_vial
//	board = room + (1 − loss)·E + L
//
// # Light (optics.go, light.go, noise.go)
//
//	V = dark + stray + leak·(other LEDs) + gain·I·f_angle(c) + hum·sin(2π·f·t+φ)
//
// c is biomass in mg/mL; f the measured curves b + s·c^p/(1+(c/c0)^q), of which
// 90° has a log-log slope of 0.9 to 1.1 from 0.05 to 2 mg/mL (0.15 to 6 AU) and
// falls beyond 5.7 mg/mL (16 AU). I is the IR LED's light: its duty, brighter by
// warm_up just after switching on, ageing. REF sees I alone. Each reading of
// X carries an AR(1) error e with σ² = floor² + (cv·X)² and rare shocks; each
// sample noise of σ² = read² + shot²·V. Bubbles brighten and roughen the signal
// while a pump runs and fade with 6 s; a running pump and the turning bar
// disturb single samples. Above 1000 rpm the vortex brightens the signal by
// vortex_gain·((rpm−1000)/1000)², of which REF sees nothing unless displaced.
// Volts clip at 0 and at full scale. A modelled converter looks at one diode at
// one instant ([Board.Volts], analog.go).
//
// # Panel (panel.go, instruments.go)
//
// The status LED lights nothing in the vial, the button is down while the fault
// button_pressed is active, the rail has rail_v. They neither age nor advance
// the twin.
//
// # Restart (snapshot.go, accept.go)
//
// A snapshot is everything above that changes, faults and random numbers
// included, with a version and a checksum. A board that restores it goes on as
// one whose outputs were halted at the snapshot would, to the last bit; the
// time without a process does not count.
package sim
