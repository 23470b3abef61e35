// Command pioactor runs a bioreactor and steers a running one; `pioactor help`
// lists what it can do. It holds nothing of its own: package cmd is the
// program, and cmd/standard the stock jobs and automations.
//
// # Build your own binary
//
// An automation of your own is a struct with settings and one method, compiled
// into a pioactor that is yours. In an empty folder:
//
//	go mod init example.org/mine
//	go get github.com/pioactor/pioactor
//
// and in main.go:
//
//	package main
//
//	import (
//		"github.com/pioactor/pioactor/actors"
//		"github.com/pioactor/pioactor/cmd"
//		_ "github.com/pioactor/pioactor/cmd/standard" // stock jobs and automations
//	)
//
//	// Turbidostat dilutes the culture whenever it has grown past TargetOD.
//	type Turbidostat struct {
//		TargetOD         float64 `toml:"target_od" unit:"AU" min:"0" max:"50" set:"yes"`
//		ExchangeVolumeML float64 `toml:"exchange_volume_ml" unit:"mL" min:"0" max:"20" set:"yes"`
//	}
//
//	// Receive answers every OD reading of the settled culture.
//	func (t *Turbidostat) Receive(c *actors.Context, msg any) error {
//		if od, ok := msg.(actors.ODReading); ok && od.Value >= t.TargetOD {
//			return c.Exchange(t.ExchangeVolumeML)
//		}
//		return nil
//	}
//
//	func init() {
//		actors.Register(actors.Dosing, "my_turbidostat", func() actors.Automation {
//			return &Turbidostat{TargetOD: 0.5, ExchangeVolumeML: 1}
//		})
//	}
//
//	func main() { cmd.Main() }
//
// Then
//
//	go build -o mine .
//	./mine up
//	./mine jobs stop dosing_automation   # from another terminal
//	./mine jobs start dosing_automation --automation my_turbidostat --set target_od=0.4
//
// Its settings appear on MQTT, on the command line and in the config file under
// [dosing_automation.my_turbidostat], ranges enforced, from the struct's tags
// alone. For a Raspberry Pi, build with CGO_ENABLED=0 GOOS=linux GOARCH=arm64,
// and copy the one file. The folder examples has this program with its test,
// which runs in virtual time, and others.
package main

import (
	"github.com/pioactor/pioactor/cmd"
	_ "github.com/pioactor/pioactor/cmd/standard" // stock jobs and automations
)

func main() { cmd.Main() }
