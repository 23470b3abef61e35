package machine

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

const hurried = "PIOACTOR_MACHINE_HURRIED"

// TestHurryIsForEveryThread, also for those that begin later. It runs in a
// process of its own, which goes before the other tests for an instant.
func TestHurryIsForEveryThread(t *testing.T) {
	if os.Getenv(hurried) == "" {
		c := exec.Command("/proc/self/exe", "-test.run=^TestHurryIsForEveryThread$", "-test.v")
		c.Env = append(os.Environ(), hurried+"=yes")
		text, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		t.Logf("%s", text)
		return
	}
	if err := Hurry(); errors.Is(err, unix.EPERM) {
		t.Skip("this user may not: ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	policies := make(chan uint32)
	for range 3 {
		go func() {
			runtime.LockOSThread() // and never unlocked: each has a thread of its own
			a, err := unix.SchedGetAttr(0, 0)
			if err != nil {
				a = &unix.SchedAttr{}
			}
			policies <- a.Policy
		}()
	}
	for range 3 {
		if p := <-policies; p != unix.SCHED_FIFO {
			t.Errorf("a thread that began later has policy %d, want %d", p, unix.SCHED_FIFO)
		}
	}
}
