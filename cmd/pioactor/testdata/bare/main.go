// Command bare is the raw limit that pioactor is measured against: the same
// embedded broker and the same MQTT client library in one process, and an echo,
// with no actor at all.
//
//	bare [host:port]   the broker to use; without one the embedded broker
//
// It prints the broker's address once it is ready, and echoes what it hears on
// bare/<name>/set as retained bare/<name> with QoS 2, as pioactor does.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/pioactor/pioactor/bridge/broker"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	addr := strings.Join(args, "")
	if addr == "" {
		b, err := broker.Start(broker.Config{Listen: "127.0.0.1:0"})
		if err != nil {
			return err
		}
		addr = b.Addr()
	}
	options := paho.NewClientOptions().AddBroker("tcp://" + addr).SetProtocolVersion(4).SetClientID("bare")
	client := paho.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		return token.Error()
	}
	echo := func(c paho.Client, m paho.Message) {
		c.Publish(strings.TrimSuffix(m.Topic(), "/set"), 2, true, m.Payload())
	}
	if token := client.Subscribe("bare/+/set", 2, echo); token.Wait() && token.Error() != nil {
		return token.Error()
	}
	fmt.Println(addr)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
	return nil
}
