// Package bridge shows a unit to MQTT in the topics and payloads of Pioreactor
// 26.7.2, and turns /set and run messages into commands. What it adds is
// <job>/$ack, the answer to every command; alarms; and a few derived values.
//
// It refuses to be in the way: it hears facts through a tap, publishes from
// goroutines of its own, and sends commands without waiting. It ignores
// retained commands, and never says a number it does not believe.
//
//	b, err := bridge.New(bridge.DefaultConfig(), "exp1")
//	err = b.Open(sys)          // fails early: a taken port, an unreadable file
//	err = sys.Start(b.Spec())  // or as a part of the unit's tree
//	defer b.Close(ctx)         // after the jobs: their last states are said
package bridge
