package clock

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheCrewRunsAllAtOnceAndGoesHome(t *testing.T) {
	synctest.Test(t, func(*testing.T) { // fails if a goroutine stays for ever
		c := newCrew()
		for range 3 {
			var together sync.WaitGroup
			together.Add(50)
			for range 50 {
				c.run(func() {
					together.Done()
					together.Wait() // each waits for all: none may queue behind another
				})
			}
			together.Wait()
			synctest.Wait()
		}
		time.Sleep(2 * spare)
	})
}
