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

// rank is low among real-time threads: above everything ordinary, below what a
// kernel does for its own devices (50).
const rank = 10

// urgent lets this thread go before all ordinary ones, if the user may do that:
// root, or LimitRTPRIO=10 in the unit file. Otherwise it stays ordinary, and what
// Repeat calls is late more often. Threads begun by it are ordinary again.
func urgent() {
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_FIFO,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
		Priority: rank,
	}, 0) // EPERM: as said above
}
