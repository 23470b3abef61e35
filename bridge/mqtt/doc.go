// Package mqtt keeps a unit's word on a broker: one data connection, a will per
// live job, and the retained truth, which it says again after every reconnect.
// It knows topics and bytes, nothing of jobs.
//
// It refuses to block a caller, to keep more than it was allowed to, and to
// trust the broker's memory. Across a lost connection a message of QoS 1 or 2
// may arrive twice, never zero times while the queue's limit holds.
//
//	s, err := mqtt.Open(mqtt.Config{Broker: "tcp://127.0.0.1:1883", ClientID: "unit1", OnMessage: post})
//	err = s.Subscribe(2, "pioreactor/unit1/exp1/+/+/set")
//	err = s.SetWill("pioreactor/unit1/exp1/stirring/$state", []byte("lost"))
//	err = s.Retain("pioreactor/unit1/exp1/stirring/$state", []byte("ready"), 2)
package mqtt
