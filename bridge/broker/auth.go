package broker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	// maxVerdicts bounds the memory of passwords already judged.
	maxVerdicts = 1024
	// patience is how long a client waits for its turn to have a password
	// hashed; hashing uses one core at a time, so a flood cannot take the Pi.
	patience = 3 * time.Second
)

// auth lets known users in, or everyone when there is no password file (then
// the listener is on loopback). Any user may use any topic but the broker's own.
type auth struct {
	mochi.HookBase
	users  map[string]hash // nil: no password file
	nobody hash            // judged for unknown users, so that they cost the same time
	secret []byte          // keys verdicts, so that the cache holds no password
	turn   chan struct{}   // one hash at a time

	mu       sync.Mutex
	verdicts map[[sha256.Size]byte]bool
}

func newAuth(passwordFile string) (*auth, error) {
	a := &auth{
		secret:   make([]byte, sha256.Size),
		turn:     make(chan struct{}, 1),
		verdicts: map[[sha256.Size]byte]bool{},
	}
	if _, err := rand.Read(a.secret); err != nil {
		return nil, fmt.Errorf("broker: read random secret: %w", err)
	}
	if passwordFile == "" {
		return a, nil
	}
	var err error
	a.users, err = readPasswords(passwordFile)
	a.nobody = hash{iterations: iterations, salt: a.secret[:saltBytes], key: make([]byte, keyBytes)}
	return a, err
}

// ID names the hook.
func (a *auth) ID() string { return "pioactor-auth" }

// Provides lists the two questions this hook answers.
func (a *auth) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

// OnConnectAuthenticate judges a CONNECT packet. This process trusts itself.
func (a *auth) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	if conn, ok := cl.Net.Conn.(impatient); ok {
		if _, own := conn.Conn.(inside); own {
			return true
		}
	}
	return a.users == nil || a.judge(string(pk.Connect.Username), string(pk.Connect.Password))
}

// OnACLCheck keeps clients from the broker's own topics. Reading them would race
// with the server's clock, and nobody in the house does.
func (a *auth) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	return !strings.HasPrefix(topic, "$") || !write && strings.HasPrefix(topic, "$share/")
}

// judge answers at once what it has judged before, so that a unit which
// reconnects, or a browser with a stale password, costs no hashing.
func (a *auth) judge(user, password string) bool {
	key := a.digest(user, password)
	if verdict, known := a.recall(key); known {
		return verdict
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-wait.C:
		return false
	}
	if verdict, known := a.recall(key); known { // judged while waiting
		return verdict
	}
	stored, exists := a.users[user]
	if !exists {
		stored = a.nobody
	}
	verdict := stored.matches(password) && exists
	a.remember(key, verdict)
	return verdict
}

// digest identifies a pair of user and password without containing it.
func (a *auth) digest(user, password string) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte(user))
	mac.Write([]byte{0})
	mac.Write([]byte(password))
	copy(sum[:], mac.Sum(nil))
	return sum
}

func (a *auth) recall(key [sha256.Size]byte) (verdict, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	verdict, known = a.verdicts[key]
	return verdict, known
}

// remember keeps a verdict; when full, refusals are forgotten first, since
// there are at most as many acceptances as users.
func (a *auth) remember(key [sha256.Size]byte, verdict bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.verdicts) >= maxVerdicts+len(a.users) {
		for k, ok := range a.verdicts {
			if !ok {
				delete(a.verdicts, k)
			}
		}
	}
	a.verdicts[key] = verdict
}

var _ mochi.Hook = (*auth)(nil)
