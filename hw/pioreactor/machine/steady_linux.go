package machine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
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
func urgent() { _ = promote(0, unix.SCHED_FLAG_RESET_ON_FORK) } // EPERM: as said above

// Hurry lets this whole process go before all ordinary ones from now on, threads
// begun later included, if the user may do that: root, or LimitRTPRIO=10 in the
// unit file. It is for one that has little to do and must do it at once; the
// error says that it goes on as it did.
func Hurry() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("machine: hurry: %w", err)
	}
	var errs []error
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err == nil {
			err = promote(id, 0)
		}
		if !errors.Is(err, unix.ESRCH) { // it has ended meanwhile
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("machine: hurry: %w", err)
	}
	return nil
}

func promote(thread int, flags uint64) error {
	return unix.SchedSetAttr(thread, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_FIFO,
		Flags:    flags,
		Priority: rank,
	}, 0)
}
