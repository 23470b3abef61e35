package mqtt_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/mqtt"
)

// secure puts TLS in front of target, with a certificate for 127.0.0.1, and
// returns its address and who trusts it.
func secure(t *testing.T, target string) (string, *x509.CertPool) {
	t.Helper()
	source := httptest.NewTLSServer(nil) // only for its certificate
	t.Cleanup(source.Close)
	trust := x509.NewCertPool()
	trust.AddCert(source.Certificate())
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: source.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				_ = near.Close()
				return
			}
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		}
	}()
	return l.Addr().String(), trust
}

func TestTLSIsCheckedAgainstTheAuthority(t *testing.T) {
	addr := bridgetest.Broker(t)
	front, trust := secure(t, addr)
	good := open(t, addr, func(c *mqtt.Config) {
		c.Broker, c.TLS = "ssl://"+front, &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}
	})
	must(t, good.SetWill(state, []byte("lost")), good.Retain(state, []byte("ready"), 2))
	bridgetest.Client(t, addr).Expect(state, bridgetest.Is("ready"), soon)
	armed(t, good, 1)

	var log lockedLog
	bad := open(t, addr, func(c *mqtt.Config) {
		c.Broker, c.ClientID = "ssl://"+front, "unit2"
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	bridgetest.Eventually(t, soon, "the certificate is refused", func() bool {
		return strings.Contains(log.String(), "certificate")
	})
	if bad.Stats().Connected {
		t.Error("connected without trusting the certificate")
	}
}

// lockedLog is a log that two goroutines may share.
type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
