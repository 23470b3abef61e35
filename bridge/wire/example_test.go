package wire_test

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/bridge/wire"
)

func ExampleEncode() {
	at := time.Date(2026, 11, 22, 9, 16, 39, 240e6, time.UTC)
	topic := wire.Topic{Root: "pioreactor", Unit: "unit1", Experiment: "exp1", Job: "stirring", Setting: "measured_rpm"}
	payload, err := wire.Encode(wire.MeasuredRPM{RPM: wire.Float(500), Timestamp: at})
	fmt.Println(topic, string(payload), err)
	// Output: pioreactor/unit1/exp1/stirring/measured_rpm {"measured_rpm":500.0,"timestamp":"2026-11-22T09:16:39.240000Z"} <nil>
}

func ExampleParseTopic() {
	topic, err := wire.ParseTopic("pioreactor", "pioreactor/$broadcast/exp1/stirring/target_rpm/set")
	fmt.Println(topic.Unit == wire.Broadcast, topic.Job, topic.Setting, topic.Set, err)
	// Output: true stirring target_rpm true <nil>
}
