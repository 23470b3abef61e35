package mqtt

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestFilterMatches(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a/c", false}, {"a/b", "a", false}, {"a", "a/b", false},
		{"a/+", "a/b", true}, {"a/+", "a", false}, {"a/+", "a/b/c", false}, {"+", "a", true},
		{"a/#", "a", true}, {"a/#", "a/b/c", true}, {"#", "a/b", true}, {"a/+/#", "a", false}, {"a/+/#", "a/b", true},
		{"+/+/set", "a//set", true}, {"#", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true},
		{"pioreactor/u/+/+/+/set", "pioreactor/u/exp one/stirring/target_rpm/set", true},
		{"pioreactor/u/+/+/$state", "pioreactor/u/e/stirring/$state", true},
	} {
		if got := matches(c.filter, c.topic); got != c.want {
			t.Errorf("matches(%q, %q) = %v, want %v", c.filter, c.topic, got, c.want)
		}
	}
}

func TestBadTopicsAndFiltersAreRefused(t *testing.T) {
	for _, topic := range []string{"", "a/+", "a/#", "a\x00b", "\xff", strings.Repeat("a", maxTopic+1)} {
		if checkMessage(topic, nil, 0) == nil {
			t.Errorf("topic %q accepted", topic)
		}
	}
	for _, filter := range []string{"", "a+", "a/#/b", "a/b#", "\x00"} {
		if checkFilter(filter) == nil {
			t.Errorf("filter %q accepted", filter)
		}
	}
	if checkMessage("a", make([]byte, maxPayload+1), 0) == nil || checkMessage("a", nil, 3) == nil {
		t.Error("too large payload or QoS 3 accepted")
	}
}

func TestConfigIsValidated(t *testing.T) {
	good := Config{Broker: "tcp://localhost:1883", ClientID: "u"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"scheme":    {Broker: "http://localhost:1883", ClientID: "u"},
		"no port":   {Broker: "tcp://localhost", ClientID: "u"},
		"no host":   {Broker: "tcp://:1883", ClientID: "u"},
		"no id":     {Broker: "tcp://localhost:1883"},
		"audit":     {Broker: "tcp://localhost:1883", ClientID: "u", Audit: "a/#/b"},
		"negative":  {Broker: "tcp://localhost:1883", ClientID: "u", MaxEvents: -1},
		"unparsed":  {Broker: "tcp://local host:1883", ClientID: "u"},
		"empty":     {},
		"only host": {Broker: "localhost:1883", ClientID: "u"},
	} {
		if _, err := Open(c); err == nil {
			t.Errorf("%s: %+v accepted", name, c)
		}
	}
}

func TestPace(t *testing.T) {
	p := newPace(1, "unit1")
	if got := p.wait(); got != 0 {
		t.Errorf("first pause = %v, want none", got)
	}
	last := time.Duration(0)
	for range 30 {
		last = p.wait()
		if last < firstBackoff*4/5 || last > maxBackoff {
			t.Errorf("pause = %v, want %v to %v", last, firstBackoff*4/5, maxBackoff)
		}
	}
	if last < maxBackoff*4/5 {
		t.Errorf("pause after 30 failures = %v, want near %v", last, maxBackoff)
	}
	for range 9 {
		p.failed(os.ErrDeadlineExceeded)
	}
	if p.hello != maxHello {
		t.Errorf("time for an answer = %v, want %v after many time-outs", p.hello, maxHello)
	}
	p.failed(errors.New("refused"))
	p.held(time.Millisecond)
	if p.wait() == 0 {
		t.Error("a connection that broke at once must not be retried at once for ever")
	}
	if p.held(steadyTime); p.wait() != 0 || p.hello != firstHello {
		t.Error("a steady connection must be retried at once")
	}
}

func TestRepairDelayIsBounded(t *testing.T) {
	if repairDelay(0) != firstRepair || repairDelay(1_000_000) != maxRepair {
		t.Errorf("delays %v, %v, want %v, %v", repairDelay(0), repairDelay(1_000_000), firstRepair, maxRepair)
	}
}
