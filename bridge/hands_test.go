package bridge

import "testing"

// TestHandsOverMQTT sends what people's hands want; the cellar answers with the
// command it got.
func TestHandsOverMQTT(t *testing.T) {
	r := newRig(t, nil).hears()
	for _, row := range []struct{ topic, payload, acks, heard string }{
		{"run/add_media", `{"continuously":true,"duration":6}`, "add_media", `{"pump":"media","for":6000000000,"continuously":true,"source":"mqtt"}`},
		{"run/circulate_media", `{"duration":5}`, "circulate_media", `{"pump":"media","for":5000000000,"circulate":true,"source":"mqtt"}`},
		{"run/pumps", `{"sequence":[{"media":2},{"sleep":5},{"waste":2}]}`, "pumps",
			`{"sequence":[{"pump":"media","ml":2},{"sleep":5000000000},{"pump":"waste","ml":2}],"source":"mqtt"}`},
		{"run/stop_dosing", "", "stop_dosing", `{"reason":"over MQTT"}`},
		{"run/stop_dosing", `{"action":"pumps","id":"s1"}`, "stop_dosing", `{"reason":"over MQTT","action":"pumps"}`},
		{"add_media/$state/set", "disconnected", "add_media", `{"reason":"add_media was stopped over MQTT","action":"add_media"}`},
		{"pumps/$state/set", "disconnected", "pumps", `{"reason":"pumps was stopped over MQTT"}`},
		{"bioreactor/media_bottle_ml/set", "250", "bioreactor", `{"bottle":"media","ml":250}`},
	} {
		r.client.Forget()
		r.publish(base+row.topic, row.payload)
		r.acked(base+row.acks+"/$ack", `"ok":true,"value":`+row.heard)
	}
}
