// Package broker is an MQTT broker inside the process, for a unit or a small
// cluster that has no mosquitto. It is mochi v2 behind one constructor that sets
// what its defaults get wrong: retained messages never expire, bursts are not
// dropped, connections are bounded before they have proved who they are.
//
// It refuses to listen beyond loopback without a password file, to store a
// password in clear text, and to keep anything on disk: retained truth comes
// back from the units when they connect again. Its known limits are those of
// mochi 2.7.9: messages of one persistent session may be resent out of order, a
// publish is acknowledged before it is passed on, and an unacknowledged delivery
// can be lost when packet ids collide. So nothing in the house rests on the
// broker for order or exactly-once.
//
//	b, err := broker.Start(broker.Config{Listen: "127.0.0.1:1883"})
//	defer b.Close()
package broker
