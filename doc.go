// Package pioactor is the tour of the house. It holds no code: what you build
// on is [github.com/pioactor/pioactor/actors], and the shortest whole program
// is examples/turbidostat.
//
// pioactor runs a bioreactor. One static binary turns a computer with a
// Pioreactor board, or with a simulated one, into a supervised tree of actors:
// each job (stirring, reading OD, estimating growth, dosing) and each device (a
// pump, the stirrer, the photodiodes) is an actor with a mailbox of its own,
// and when one breaks, its outputs go safe, it is started again, and the others
// never notice. An MQTT bridge shows the tree to the world in the topics and
// payloads of Pioreactor 26.7.2, so that clients and scripts written for a
// Pioreactor go on working.
//
// This release runs one unit: on a Pioreactor's HAT, or on simulated hardware, a
// seeded digital twin whose culture grows, is stirred, measured and diluted, or a
// recorded run played back. It brings its own broker or uses yours, and a command line that talks to
// the running node through a unix socket.
//
//	make run                             # a unit with a culture twelve hours old
//	mosquitto_sub -v -t 'pioreactor/#'   # watch it
//	build/pioactor status
//
// # One word per thing
//
// A unit is one computer and its vial. An experiment is what the unit is
// assigned to. A job does one thing for an experiment; an automation is the part
// of a job that decides, and the part most people write. A setting is a job's
// published value. A dose moves media, alt media or waste. A reading is what a
// sensor said, with a quality; an event is something that happened. The same
// word means the same thing in Go, TOML, JSON, topics and flags, and whatever
// leaves the process carries its unit in its name: target_rpm, volume_ml.
//
// # Rooms and floors
//
// A room is a folder. An import points to a lower floor; rooms on one floor send
// each other messages. From the ground up, floor numbers as in laws_test.go:
//
//	 0  hw                  interfaces of the electronics: Board, Photodiodes, Output, Tachometer
//	    hw/calibration      curves: fit, apply, invert with a domain; Pioreactor's calibration and estimator files
//	    actors/clock        time for everyone: real, or virtual and deterministic
//	    actors/state        small durable state, one fsynced file per key
//	    actors/setting      a struct's tags: decode, check, assign, describe
//	    pure science        actors/od/optics, actors/od/fusion, actors/od/rhythm, actors/growth/ekf, actors/stirring/rotor,
//	                        actors/temperature/inference, actors/pid, actors/selftest/check, actors/alarm/condition,
//	                        actors/calibrate/guide, actors/dosing/check;
//	                        and pure book-keeping: actors/dosing/ledger, actors/device/lease, actors/temperature/watch.
//	                        Values in, values out: no clock, no goroutine, no file
//	 2  hw/pioreactor/machine  the computer under a HAT: I2C, lines of the header, the kernel's files, time
//	 3  hw/pioreactor/describe  what is soldered where: the EEPROM, Pioreactor's YAML, and who answers
//	 4  hw/pioreactor/line  drivers on the header: PWM by the kernel and by software, tachometer, button, light
//	 4  hw/pioreactor/chip  the owner of an I2C bus, and drivers of the HAT's converters, LED drivers and thermometer
//	10  actors              the public Go API: messages, Job, Automation, Context, Register, settings, supervision
//	    hw/pioreactor       the real board: those drivers as a description says they are wired, and how to make it safe
//	    hw/sim              the digital twin, and the replay board; shares no code with the science it tests
//	11  hw/pioreactor/fake  a Pioreactor's computer and HAT in a folder, modelled chip by chip around the twin's vial
//	    actors/dosing/action  what people say to pumps, as one dose, for every mouth
//	    actors/protocol     messages that authors of automations never need: leases and the OD window
//	    hw/pioreactor/guard the process that makes outputs safe when the node that drives them dies or hangs
//	20  actors/device       one actor per device, and the OD window
//	    actors/dosing       the vial: its books, the doses that change them, and their check against OD
//	    actors/od  growth  stirring  monitor  selftest     the jobs, each beside its science
//	    actors/automation   turbidostat, chemostat, fed_batch, morbidostats, light_dark_cycle, thermostat: written exactly as a user writes one
//	    actors/temperature  the vial's temperature from how the heater's board cools, and the heater for an automation
//	    actors/alarm        declared conditions: raise, clear, hide, act, latch, acknowledge
//	    actors/calibrate    the calibrations and estimators of the unit, which are in force, and procedures that make them
//	    actors/bench        a person's hands at the vial: pause and resume, blanks
//	    actors/unit         the trunk of one unit's tree: the node, and the experiment that owns the jobs
//	    bridge/wire         the topic table and the payloads; pure
//	    bridge/mqtt         connections, wills, reconnects
//	    bridge/broker       the embedded broker
//	    bridge/notify       alarms leave the unit: ntfy, Slack, any web address, a program
//	30  bridge              topics to messages and back
//	    bridge/web          the HTTP API on the unix socket, which the command line uses
//	    cmd/report          tables and pictures of a simulated run
//	    cmd/install         the unit as a service of systemd: what would change, doing it, undoing it
//	40  cmd                 Main and the commands; reads config.toml, starts and stops the tree in order
//	50  cmd/standard        blank imports: the stock automations and hardware
//	60  cmd/pioactor        main; its comment is the manual for building a binary of your own
//	    examples/*          one lesson a folder; each is a complete user program
//
// The test kits actors/actorstest, actors/device/devicetest, bridge/bridgetest and hw/hwtest stand beside
// the house: only tests import them, a user's tests included. In
// bridge/bridgetest/compat a unit's words are compared with a real Pioreactor's.
//
// # The tree on one unit
//
//	node                    restarts what fails after a growing, jittered pause; a spent budget latches lost and raises an alarm
//	├─ bench                whether somebody works at the vial: first, so that in a pause nothing moves at a start either
//	├─ devices              the only owner of the board; started before what uses it, with every output forced safe
//	│    ├─ leds  adc  tachometer  stirrer  pumps  rail  statusled  button  thermometer
//	│    ├─ heater          with a watch of its own: no heat without a plausible reading
//	│    ├─ vial            the volume ledger, single writer of volumes; it belongs to the vial, not to the experiment
//	│    └─ window          the OD window: od_reading asks for quiet, whatever disturbs light or fluid grants it;
//	│                       what takes time to come to rest, such as stirring, dodges the readings
//	├─ calibrations         which curve is in force on each device
//	├─ procedure            the guided calibration that is being made
//	├─ bridge               MQTT
//	├─ alarm                what is alarming, what hides behind what, and who took note
//	│    └─ conditions      the alarms that config.toml declares; jobs only feed them signals
//	├─ delivery             tells each target of each alarm once
//	├─ monitor              the health of the unit itself; its button, and what its status LED says
//	├─ self_test_record     what the last self-test found
//	├─ temperature          measures the vial and holds the heater while a temperature automation runs
//	├─ watchdog             under a service manager: tells it that node, devices and experiment take messages (it starts last)
//	└─ experiment           stopping it stops every job in it
//	     └─ stirring  od_reading  growth_rate_calculating  dosing_automation  led_automation  temperature_automation  and your own
//
// A job is init, then ready, now and then sleeping; it ends disconnected when
// it was told to, and lost when it failed for good. There is never more than one
// job of a name on a unit.
//
// # Four journeys
//
// A reading. The board answers a burst of photodiode voltages; the od_reading
// job takes out mains hum, dark offset, drift of the lamp and blank, applies the
// active calibration, and says how far the result can be trusted; the ODReading
// goes to the growth estimator, to the automation and to the observers. Nobody
// polls, and nobody asks the broker what a neighbour in the same process knows.
//
// A command. An MQTT /set, an HTTP request, the command line and Go code all
// become the same Command in one mailbox, and all get one Reply. A setting is
// changed on a copy, validated whole, and only then becomes true. On MQTT the
// retained value is the answer, as with Pioreactor; <job>/$ack says besides why a
// value was refused. A bad value is refused, never bent into range: that is a
// deliberate deviation.
//
// A fault. A job panics or returns an error: what it drove goes safe first,
// then it is started again with the settings it had. A job that keeps failing
// ends lost, with an alarm, and the rest of the unit goes on.
//
// A dose. The automation asks for an exchange; the ledger reserves the volume
// on disk before a pump may start; the pump runs under a lease that is never
// longer than the dose; the ledger commits what really moved and owes the waste
// until it is out. A crash in between counts the dose as given: a restart never
// causes one. Afterwards the optical density must show the step that the ledger
// counts: no step, or steps that shrink as in a vial that fills, stop dosing.
//
// # Laws
//
// What must not happen by accident is kept by tests, laws_test.go first:
//
//   - Imports point down. Each dependency has one home: proto.actor in actors,
//     paho in bridge, the broker in bridge/broker, cobra in cmd. No exported
//     signature of actors, hw or cmd carries a dependency's type.
//   - The actor world has no clock and no goroutine of its own: time comes from
//     actors/clock, long operations are values or edge actors. So a day of a
//     whole unit can run in seconds of virtual time, the same each time for
//     the same seed, and a failing seed is a bug report that repeats.
//   - Every output that carries energy is leased: a value, a deadline, an owner.
//     An expired lease means the safe value.
//   - State is on disk before it matters: ledger, owed waste, normalization,
//     first reference, blank, a pause of the vial, latched alarms. If it cannot be written, nothing flows
//     in. A changed setting is true at once and on disk within 50 ms.
//   - Observers never hold up control: telemetry drops its oldest and counts the
//     gap; events, doses and alarms are never dropped.
//   - No number that leaves the process is NaN or infinite; a quality code says
//     what is wrong instead.
//   - A stopped job has no mailbox: no late message, timer or retained command
//     revives it or its outputs.
//
// # Not built yet
//
// In the plan, in no particular order: a database on every unit (actors/store)
// and a page to look at it; profiles; guided calibration of OD; many units as one
// cluster (actors/cluster).
package pioactor
