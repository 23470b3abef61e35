package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
)

func mqttCommand(g *globals) *cobra.Command {
	var count int
	c := &cobra.Command{
		Use:   "mqtt [TOPIC]",
		Short: "Follow MQTT messages, as the broker sends them",
		Long:  "Follow MQTT messages, as the broker sends them, until Ctrl-C. TOPIC may hold the wildcards + and #; without one it is pioreactor/#.",
		Args:  cobra.MaximumNArgs(1),
		Example: `  pioactor mqtt
  pioactor mqtt 'pioreactor/+/+/od_reading/#'
  pioactor mqtt -n 1 --json 'pioreactor/+/+/stirring/target_rpm'`,
	}
	c.Flags().IntVarP(&count, "count", "n", 0, "end after `how many` messages; 0 follows until Ctrl-C")
	c.RunE = func(c *cobra.Command, args []string) error {
		if count < 0 {
			return usagef("--count: want 0 or more, got %d", count)
		}
		topic := "pioreactor/#"
		if len(args) == 1 {
			topic = args[0]
		}
		return g.talk(func(s *session) error { return s.mqtt(topic, count) })(c, args)
	}
	return c
}

// mqtt prints what is said under filter, count messages of it at most.
func (s *session) mqtt(filter string, count int) error {
	shown := 0
	return s.follow(func(ctx context.Context) error {
		return s.node.MQTT(ctx, filter, func(m web.MQTTMessage) error {
			if err := s.show(m, mqttText(m)); err != nil {
				return err
			}
			if shown++; shown == count {
				return errEnough
			}
			return nil
		})
	})
}

func mqttText(m web.MQTTMessage) string {
	text := printable(m.Topic) + " "
	if m.Base64 {
		return text + "base64:" + m.Payload
	}
	return text + printable(m.Payload)
}
