package broker

import (
	"fmt"
	"strings"
	"testing"
)

func TestVerdictsAreBounded(t *testing.T) {
	a, err := newAuth("")
	if err != nil {
		t.Fatal(err)
	}
	a.users = map[string]hash{"u": {}}
	good := a.digest("u", "right")
	a.remember(good, true)
	for i := range 3 * maxVerdicts {
		a.remember(a.digest("u", fmt.Sprint(i)), false)
	}
	if n := len(a.verdicts); n > maxVerdicts+2 {
		t.Errorf("%d verdicts kept, want at most %d", n, maxVerdicts+2)
	}
	if verdict, known := a.recall(good); !verdict || !known {
		t.Error("a flood of wrong passwords pushed out a right one")
	}
}

func TestTheBrokersTopicsAreItsOwn(t *testing.T) {
	a := &auth{}
	for _, c := range []struct {
		topic       string
		write, want bool
	}{
		{"$SYS/x", true, false}, {"$SYS/#", false, false}, {"$share/g/a", false, true}, {"$share/g/a", true, false},
		{"pioreactor/u/$experiment/monitor/$state", true, true}, {"#", false, true},
	} {
		if got := a.OnACLCheck(nil, c.topic, c.write); got != c.want {
			t.Errorf("topic %s, write %v: allowed = %v, want %v", c.topic, c.write, got, c.want)
		}
	}
}

func FuzzParsePasswords(f *testing.F) {
	f.Add("u:pbkdf2-sha256$210000$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("# x\n\nu:p")
	f.Fuzz(func(t *testing.T, text string) {
		users, err := parsePasswords("f", strings.NewReader(text))
		if err == nil && strings.TrimSpace(text) != "" && len(users) == 0 && !strings.Contains(text, "#") {
			t.Errorf("%q: neither users nor an error", text)
		}
		for user, h := range users {
			if checkUser(user) != nil || h.iterations < iterations || len(h.key) != keyBytes {
				t.Errorf("%q: accepted %q %+v", text, user, h)
			}
		}
	})
}
