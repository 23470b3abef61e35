package device

import "time"

// beat is one stretch of a blink pattern.
type beat struct {
	on   bool
	last time.Duration
}

const lastCode = 8 // the highest error code

// pattern is how the status LED says code; 0 says that all is well. Source:
// Pioreactor 26.7.2, monitor.py.
func pattern(code int) []beat {
	if code == 0 {
		var beats []beat
		for range 4 {
			beats = append(beats, on(140), off(140), on(140), off(450))
		}
		return beats
	}
	beats := []beat{on(2000), off(250)}
	for range code {
		beats = append(beats, on(250), off(250))
	}
	return append(beats, off(5000))
}

func on(ms int) beat  { return beat{true, time.Duration(ms) * time.Millisecond} }
func off(ms int) beat { return beat{false, time.Duration(ms) * time.Millisecond} }
