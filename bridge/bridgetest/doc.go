// Package bridgetest helps to test what speaks MQTT: an embedded broker, a real
// mosquitto that can be stopped and killed, a client that remembers what it
// heard, and a proxy that cuts cables.
//
// It refuses to sleep: every wait is for a condition, with a deadline.
//
//	addr := bridgetest.Broker(t)
//	c := bridgetest.Client(t, addr)
//	c.Expect("pioreactor/unit1/exp1/stirring/$state", bridgetest.Is("ready"), time.Second)
package bridgetest
