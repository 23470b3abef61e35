package broker_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/pioactor/pioactor/bridge/broker"
)

const soon = 10 * time.Second // for what takes milliseconds, on a slow machine

func start(t *testing.T, cfg broker.Config) *broker.Broker {
	t.Helper()
	b, err := broker.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func done(token paho.Token) error {
	if !token.WaitTimeout(soon) {
		return fmt.Errorf("no answer within %v", soon)
	}
	return token.Error()
}

func connect(addr, user, password string, change ...func(*paho.ClientOptions)) (paho.Client, error) {
	o := paho.NewClientOptions().AddBroker("tcp://" + addr).SetProtocolVersion(4).SetAutoReconnect(false).
		SetUsername(user).SetPassword(password)
	for _, f := range change {
		f(o)
	}
	client := paho.NewClient(o)
	return client, done(client.Connect())
}

func mustConnect(t *testing.T, addr, user, password string) paho.Client {
	t.Helper()
	c, err := connect(addr, user, password)
	if err != nil {
		t.Fatalf("connect as %q: %v", user, err)
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func passwordFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hashed(t *testing.T, user, password string) string {
	t.Helper()
	line, err := broker.HashPassword(user, password)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestAnyoneOnThisMachineMayConnectWithoutAPasswordFile(t *testing.T) {
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	c := mustConnect(t, b.Addr(), "", "")
	heard := make(chan string, 1)
	if err := done(c.Subscribe("a/+", 1, func(_ paho.Client, m paho.Message) { heard <- string(m.Payload()) })); err != nil {
		t.Fatal(err)
	}
	if err := done(c.Publish("a/b", 2, true, "x")); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-heard:
		if got != "x" {
			t.Errorf("heard %q, want x", got)
		}
	case <-time.After(soon):
		t.Error("heard nothing")
	}
}

func TestPasswordsAreChecked(t *testing.T) {
	line := hashed(t, "unit1", "correct horse")
	if strings.Contains(line, "correct") || line == hashed(t, "unit1", "correct horse") {
		t.Errorf("%s holds the password or lacks a salt", line)
	}
	b := start(t, broker.Config{Listen: "127.0.0.1:0", PasswordFile: passwordFile(t, "# lab", "", line)})
	mustConnect(t, b.Addr(), "unit1", "correct horse")
	began := time.Now()
	mustConnect(t, b.Addr(), "unit1", "correct horse")
	cached := time.Since(began)
	for _, c := range [][2]string{{"unit1", "wrong"}, {"unit1", ""}, {"", ""}, {"nobody", "correct horse"}} {
		if client, err := connect(b.Addr(), c[0], c[1]); err == nil {
			client.Disconnect(0)
			t.Errorf("%q with %q got in", c[0], c[1])
		}
	}
	t.Logf("second connect took %v", cached)
}

func TestBeyondLoopbackNeedsCredentials(t *testing.T) {
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0", "192.168.1.2:1883", "example.org:1883"} {
		_, err := broker.Start(broker.Config{Listen: listen})
		if err == nil || !strings.Contains(err.Error(), "[mqtt] listen") || !strings.Contains(err.Error(), "[mqtt] password_file") {
			t.Errorf("listen on %s: %v, want an error that names both keys", listen, err)
		}
	}
	b := start(t, broker.Config{Listen: "0.0.0.0:0", PasswordFile: passwordFile(t, hashed(t, "u", "long enough"))})
	_, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	mustConnect(t, "127.0.0.1:"+port, "u", "long enough")
}

func TestBadConfigurationIsRefused(t *testing.T) {
	taken := start(t, broker.Config{Listen: "127.0.0.1:0"})
	for name, cfg := range map[string]broker.Config{
		"no port":  {Listen: "127.0.0.1"},
		"taken":    {Listen: taken.Addr()},
		"no file":  {Listen: "127.0.0.1:0", PasswordFile: filepath.Join(t.TempDir(), "absent")},
		"no users": {Listen: "127.0.0.1:0", PasswordFile: passwordFile(t, "# nobody")},
	} {
		if b, err := broker.Start(cfg); err == nil {
			t.Errorf("%s: started on %s", name, b.Addr())
		} else if !strings.Contains(err.Error(), "[mqtt]") {
			t.Errorf("%s: %v does not name the key", name, err)
		}
	}
}

func TestBadPasswordFileNamesFileAndLine(t *testing.T) {
	good := hashed(t, "u", "long enough")
	stored := strings.TrimPrefix(good, "u:")
	for line, want := range map[string]string{
		"v:secret":                    "clear text",
		"nonsense":                    "want user:",
		":" + stored:                  "user name",
		"v:" + stored + "x":           "hash:",
		"v:pbkdf2-sha256$1$AA$AA":     "iterations",
		"v:pbkdf2-sha256$210000$!$AA": "salt",
		good:                          "twice",
		strings.Repeat("x", 5000):     "too long",
	} {
		file := passwordFile(t, "# first", good, line)
		_, err := broker.Start(broker.Config{Listen: "127.0.0.1:0", PasswordFile: file})
		if err == nil || !strings.Contains(err.Error(), file+":3: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("line %.40q: %v, want %s:3 and %q", line, err, file, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the password: %v", err)
		}
	}
}

func TestHashPasswordRefuses(t *testing.T) {
	for _, c := range [][2]string{{"", "long enough"}, {"a:b", "long enough"}, {"a b", "long enough"}, {"u", "short"}} {
		if line, err := broker.HashPassword(c[0], c[1]); err == nil {
			t.Errorf("HashPassword(%q, %q) = %s", c[0], c[1], line)
		}
	}
}

func TestABurstReachesASlowReaderWhole(t *testing.T) {
	const n = 20_000 // twice mochi's default queue, which drops the rest
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	reader, writer := mustConnect(t, b.Addr(), "", ""), mustConnect(t, b.Addr(), "", "")
	var heard atomic.Int64
	all := make(chan struct{})
	if err := done(reader.Subscribe("burst", 0, func(paho.Client, paho.Message) {
		if heard.Add(1) == n {
			close(all)
		}
	})); err != nil {
		t.Fatal(err)
	}
	var last paho.Token
	for range n {
		last = writer.Publish("burst", 0, false, "0123456789")
	}
	if err := done(last); err != nil {
		t.Fatal(err)
	}
	select {
	case <-all:
	case <-time.After(2 * soon):
		t.Errorf("heard %d of %d", heard.Load(), n)
	}
}

// A newcomer never hears an older value after a newer one, while somebody
// changes and clears the topics all the time.
func TestNoStaleValueAfterAFresherOne(t *testing.T) {
	const topics, rounds = 20, 30
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for topic := range topics {
		client := mustConnect(t, b.Addr(), "", "")
		writers.Go(func() { rewrite(client, fmt.Sprint("a/", topic), stop) })
	}
	reader := mustConnect(t, b.Addr(), "", "")
	for range rounds {
		for topic, heard := range listen(t, reader, topics) {
			if !slices.IsSorted(heard) {
				t.Fatalf("heard on %s: %v", topic, heard)
			}
		}
	}
	close(stop)
	writers.Wait()
}

// rewrite counts up on topic, clearing it every third time, until stop.
func rewrite(client paho.Client, topic string, stop <-chan struct{}) {
	for i := 1; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		payload := strconv.Itoa(i)
		if i%3 == 0 {
			payload = "" // clearing takes the topic out of the index
		}
		client.Publish(topic, 1, true, payload).WaitTimeout(soon)
	}
}

// listen subscribes anew, hears a few messages per topic and returns the numbers.
func listen(t *testing.T, reader paho.Client, topics int) map[string][]int {
	t.Helper()
	var mu sync.Mutex
	heard, total, enough := map[string][]int{}, 0, make(chan struct{})
	if err := done(reader.Subscribe("a/+", 0, func(_ paho.Client, m paho.Message) {
		mu.Lock()
		defer mu.Unlock()
		if n, err := strconv.Atoi(string(m.Payload())); err == nil {
			heard[m.Topic()] = append(heard[m.Topic()], n)
			if total++; total == 3*topics {
				close(enough)
			}
		}
	})); err != nil {
		t.Fatal(err)
	}
	select {
	case <-enough:
	case <-time.After(soon):
		t.Fatal("hardly anything heard")
	}
	if err := done(reader.Unsubscribe("a/+")); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return maps.Clone(heard)
}

func TestTooLargePacketEndsTheConnection(t *testing.T) {
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	lost := make(chan struct{})
	c, err := connect(b.Addr(), "", "", func(o *paho.ClientOptions) {
		o.SetConnectionLostHandler(func(paho.Client, error) { close(lost) })
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Publish("a", 0, false, make([]byte, 2<<20))
	select {
	case <-lost:
	case <-time.After(soon):
		t.Error("a packet of 2 MiB was taken")
	}
}

func TestCloseEndsClientsAndStrangers(t *testing.T) {
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	lost := make(chan struct{})
	if _, err := connect(b.Addr(), "", "", func(o *paho.ClientOptions) {
		o.SetConnectionLostHandler(func(paho.Client, error) { close(lost) })
	}); err != nil {
		t.Fatal(err)
	}
	stranger, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	closed := make(chan error, 1)
	go func() { closed <- b.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(soon):
		t.Fatal("Close hangs")
	}
	<-lost
	if err := stranger.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(stranger); os.IsTimeout(err) {
		t.Error("a silent stranger is still connected after Close")
	}
	if err := b.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestCloseWhileClientsLeave(t *testing.T) {
	for range 20 {
		b, err := broker.Start(broker.Config{Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		var leaving sync.WaitGroup
		for range 10 {
			c := mustConnect(t, b.Addr(), "", "")
			leaving.Go(func() { c.Disconnect(10) })
		}
		closed := make(chan error, 1)
		go func() { closed <- b.Close() }()
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(soon):
			t.Fatal("Close hangs")
		}
		leaving.Wait()
	}
}

// lockedBuffer is a log that two goroutines may share.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestPasswordsAreNeverLogged(t *testing.T) {
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b := start(t, broker.Config{Listen: "127.0.0.1:0", Logger: logger})
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// CONNECT, MQTT 3.1.1, client "c", user "u", password "sesame"; a second one is a protocol error.
	hello := "\x10\x18\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01c\x00\x01u\x00\x06sesame"
	if _, err := io.WriteString(conn, hello+hello); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); os.IsTimeout(err) {
		t.Fatal("the second CONNECT was accepted")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "error processing packet") {
		t.Errorf("the protocol error was not logged:\n%s", log.String())
	}
	if strings.Contains(log.String(), "sesame") || strings.Contains(log.String(), "115 101 115") {
		t.Errorf("the log holds the password:\n%s", log.String())
	}
}
