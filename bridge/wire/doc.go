// Package wire is the Pioreactor's MQTT language, version 26.7.2: topics, and
// payloads byte for byte, numbers spelled as Python spells them.
//
// It is pure: no broker, no clock, no goroutine. It refuses names that would
// break a topic, numbers that are not finite, and commands that are not text.
// What a command's text means is for the job's settings to say.
//
//	topic := wire.Topic{Root: "pioreactor", Unit: "unit1", Experiment: "exp1", Job: "stirring", Setting: "measured_rpm"}
//	payload, err := wire.Encode(wire.MeasuredRPM{RPM: wire.Float(500), Timestamp: at})
//	// pioreactor/unit1/exp1/stirring/measured_rpm {"measured_rpm":500.0,"timestamp":"2026-11-22T09:16:39.240000Z"}
package wire
