package growth_test

import (
	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/actors/device"
	"github.com/pioactor/pioactor/hw"
)

// devicesOf are the house's own devices.
func devicesOf(board hw.Board) []actors.Spec {
	return []actors.Spec{device.Spec(board, device.DefaultConfig())}
}
