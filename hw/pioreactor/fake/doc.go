// Package fake is a Pioreactor's computer and HAT in a folder: a
// machine.Machine on which the real drivers run unchanged. Behind its chips,
// lines and files there may be the digital twin (hw/sim), so that the whole
// product runs without hardware, down to the bytes on the bus.
//
// It refuses to share code with the drivers: each chip is modelled from its
// datasheet and from what Pioreactor 26.7.2 sends to it. It refuses to keep
// outputs in memory: registers and lines are in a mapped file and the kernel's
// PWM in files, so they outlive the process, as they do on a real Pi, and
// another process that opens the folder drives the same outputs.
//
//	m, err := fake.Make(dir, fake.Setup{HAT: "1.2", Model: "pioreactor_20ml", ModelVer: "1.1"})
//	…
//	twin, err := sim.New(cfg, m.TwinNow)
//	err = m.Attach(twin, fake.DefaultRoles())
//	… // drivers on m
//	outputs, err := fake.Judge(dir) // from any process
//
// # Folder (layout.go, state.go, pwm.go, write.go)
//
//	machine.json                 the Setup and where everything is soldered
//	registers                    mapped: chip registers and line levels
//	lines/17, bus                locked by who owns a line, or is on the bus
//	proc/device-tree/…           EEPROM and model; proc/version
//	sys/class/pwm/pwmchip0/…     the kernel's PWM
//	sys/class/hwmon/hwmon1/…     the under-voltage flag
//
// The kernel frees a lock when its process dies, and only then; a line keeps
// its level.
//
// # Time (clock.go, events.go)
//
// A machine of [Open] or [Make] lives in real time, on the clock of machine.Linux;
// a goroutine runs the model on every 5 ms while a twin is attached. A machine of
// [Virtual] has no goroutine: whoever touches it (asks for the time, drives a
// line, writes a file, is on the bus) first runs everything that was due since,
// in the order of time: steps of Repeat, edges of the tachometer, new folders of
// the kernel. Sleep moves its time ahead of the house's until that has caught
// up: whoever acts in the house meanwhile acts on the machine when the sleeper
// wakes, up to the 0.3 s of a thermometer's series late. The same seed and the
// same calls give the same bytes.
//
// A driver that changes what its step reads, or shows what it has heard, must
// therefore ask for the time first: what was due before then happens before.
//
// A transaction on the bus takes 90 µs a byte, as at 100 kHz.
//
// # Twin (twin.go, look.go, duty.go)
//
// The twin is asked and driven at exact instants: it lives on [Machine.TwinNow],
// which is where the model has got to, and is read through [Machine.Truth].
// A kernel's PWM drives its actor with its duty while enabled. A toggled line
// drives it with what it is until a whole period has passed, and then with its
// high time over each; a line that rests for two periods with 0 or 100 %. So a
// steady level acts at once, and the end of pulses two periods late.
//
// # Faults (fault.go)
//
// Injected, one at a time or at random, on the bus, at the tachometer and in
// the kernel's files. They belong to the machine that they were injected in, not
// to the folder.
package fake
