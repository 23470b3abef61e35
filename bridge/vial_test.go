package bridge

import (
	"testing"
)

// TestVialVerbsBecomeCommands sends what a person did; the cellar answers with
// the command it got.
func TestVialVerbsBecomeCommands(t *testing.T) {
	r := newRig(t, nil).hears()
	for _, row := range []struct{ verb, payload, heard string }{
		{"sample", `{"ml":1.5,"id":"s1"}`, `{"id":"s1","setting":"sample","ok":true,"value":{"ml":1.5},`},
		{"sample", `{"ml":9,"id":"s1"}`, `"value":{"ml":1.5},`}, // the id is known: answered from memory
		{"set", `{"current_volume_ml":14}`, `"value":{"current_volume_ml":14},`},
		{"swap", "", `"setting":"swap","ok":true,"value":{},`},
	} {
		r.client.Forget()
		r.publish(base+"vial/"+row.verb, row.payload)
		r.acked(base+"vial/$ack", row.heard)
	}
}
