package machine

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is CLOCK_MONOTONIC, which also stamps edges; it never fails.
func monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // EFAULT and EINVAL cannot be
	return time.Duration(ts.Nano())
}

// sleepUntil returns at the instant, not after a span: what was lost on the way
// here does not add up. A signal ends the kernel's sleep early: sleep again.
func sleepUntil(at time.Duration) {
	ts := unix.NsecToTimespec(int64(at))
	for at > monotonic() {
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &ts, nil) // EINTR
	}
}
