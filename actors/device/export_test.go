package device

// What tests wait for.
const (
	Pulse        = pulse
	RefreshEvery = refreshEvery
	RehaltSeldom = rehaltSeldom
)
