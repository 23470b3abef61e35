//go:build docs

package actorstest_test

const densityWords = `## The turbidostat's density

Target: three times the density at the start, 1 mL exchanges in 15 mL, µmax 0.9 1/h, linear optics; with ` + "`od`" + ` the calibration is made from ten
minutes of readings at rest, so its own error counts. *At the dose* is the true density when a dose begins, less the target: that is what a
turbidostat decides; aim within ±3 %. *Mean over time* lies about half a dose (3.2 %) lower by the nature of exchanges: want it on the target,
choose a smaller exchange. *Doubled* is a dose begun while the true density was still below the target by more than half of what a dose takes off;
aim 0. The true volume must stay within the vial, or dosing must have been stopped first. The waste line is obstructed from the start on, before
the dose check has seen a dose of a sound vial.

A blocked line shows, before the vial is full, as 2 % of OD in all: noise and pump error hide that. So an automation adds no more than the vial has
room for until OD shows that the waste leaves, or a person who saw it drip says ` + "`pioactor vial waste_seen`" + `. Where waste leaves, somebody has said so
here at set-up, as one sees when the tubes are primed; behind a blocked line nothing drips and nobody says it: dosing waits, and somebody is called.
A stopped turbidostat no longer holds its density: that is the price. A line that is blocked later, in mid-run, is found by the dose check about when the vial is full,
with 1 mL exchanges at usual noise (CHANGELOG).`

const unsaidWords = `## When nobody says that the waste leaves

The same turbidostat, sound, but nobody has looked at set-up. OD may show by itself that the waste leaves: that of a culture mostly does, at 0.6 % of noise,
that has grown evenly for hours, as in ` + "`make run`" + `. Here growth sets in at once, 1.2 h before the first dose, and that hides the little there is to see. So
dosing waits while there is room, and after 15 min somebody is called, once: after ` + "`waste_seen`" + ` all is as above. Each run ends an hour after the call.`

const rhythmWords = `## The chemostat under kills

0.5 mL every 20 min; the process is killed 20 times at random, every second time within 15 s of a dose's beginning. *Missed*: a gap of more than
20 min and 10 s between two doses; *doubled*: one of less than 20 min less 1 s; aims 0. A dose cut off by a kill counts as given. The ledger is
compared with the seconds that the pump really turned, put into its active calibration (0.09 mL/s + 0.01 mL), for each dose that was not cut off;
aim: equal. Without OD readings here, so that the dose check has no say: somebody has said that the waste leaves.`

const warmthWords = `## The thermostat

Heater and thermometer share a board, so the vial is measured by how the board cools while the heater rests, and the vial goes up and down with that
rhythm. **What the unit calls its temperature is that at the end of a rest, the trough of the cycle.** *Overshoot* and *steady* are the true vial's
distance from the target then (the highest of 48 h; the mean of the last 24 h); aims at most 0.5 °C, within ±0.5 °C. *Mean of the cycle* is what
the culture lives at on average, and *top of the cycle* the most it sees, both less the target, over the last 24 h. All in °C. The thermometer's
samples come up to 0.3 s early or late, and the thermostat is told the room. Beside a turbidostat, media of the room's temperature flow in: one dose
takes 1/16 of the vial's warmth along, which the heater gives back by heating for longer before the next rest. A rest into which a dose falls is not
measured; the vial then ends it by as much colder, which these troughs do not count and the mean does.`

const recordedWords = `## Temperature on recorded cool-downs

How the two algorithms do on boards that were really recorded (actors/temperature/inference/testdata): whatever the thermostat makes of its
measurements, this error of the model comes on top. The accepted ranges are Pioreactor's; those it puts outside are the three that Pioreactor's own tests
expect to fail too (algorithm A after a duty of 18 %). *Most from its middle* is the model's error, of ranges up to 1 °C wide (two of A are 5 and
10 °C wide: their middle is nobody's measurement); aim 0.5 °C. Spacing: 200 times each, every sample up to 0.3 s early or late; the thermometer's
readings say when they were taken, and what they would have been on time is inferred from; aim 0.5 °C. *Times not known*: the most without that.
Room: everything as much warmer as the room, in a room of 18 and 27 °C instead of 22; *told*: the error with ` + "`room_temperature_c`" + ` set right;
*not told*: with it left at 22.`

const speedWords = `## Stirring

Fans of different strength, friction and inertia, without a calibration. When the bar's true speed has come to stay within ±20 rpm of the target;
aim 60 s. *Strays*: the most it is off later, in an hour each.`

const lightWords = `## Light and dark

light_dark_cycle beside OD readings every 5 s. *Off by*: from the instant the light should change to when it did; aim 10 s. While OD is read the
LEDs are dark, so of the light hours the LED shines a share.`

const challengeWords = `## The morbidostats

The culture's IC50 rises with every generation under the drug (3 % of ln IC50 each). The true growth rate over the last 24 h against the
target; aim within 5 %. *pid_morbidostat* holds the growth rate it is told, whatever the pumps give. The target of Toprak's rule is the dilution rate:
the true one, scored here, which is not the calibration's 0.323 1/h where the pumps give more or less than that says. It is on or off with 1 mL at
a time, so its growth rate saws. *Density meanwhile*: by how much it rose in these 24 h. Seed 3.`
