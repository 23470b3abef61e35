package mqtt

import (
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"time"
)

// pace says how long to wait before the next attempt, and how long the broker
// may take to answer it.
type pace struct {
	random   *rand.Rand
	failures int
	hello    time.Duration
}

func newPace(seed uint64, name string) *pace {
	sum := fnv.New64a()
	sum.Write([]byte(name))
	return &pace{random: rand.New(rand.NewPCG(seed, sum.Sum64())), hello: firstHello}
}

// held is told how long a connection stood; a steady one forgives all failures.
func (p *pace) held(stood time.Duration) {
	if stood >= steadyTime {
		p.failures = 0
	}
	p.hello = firstHello
}

// failed is told why an attempt failed. A broker that is slow to answer gets
// more time: it may be hashing our password on a Pi.
func (p *pace) failed(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.hello = min(2*p.hello, maxHello)
	}
}

// wait returns the pause before the next attempt: none at first, then 100 ms
// growing to 1 s, each shortened by up to a fifth so that units spread out.
func (p *pace) wait() time.Duration {
	if p.failures++; p.failures == 1 {
		return 0
	}
	pause := firstBackoff
	for range min(p.failures-2, 8) {
		pause = min(pause*8/5, maxBackoff)
	}
	return pause - time.Duration(p.random.Int64N(int64(pause/5)))
}
