package bridge

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/pioactor/pioactor/bridge/broker"
	"github.com/pioactor/pioactor/bridge/mqtt"
	"github.com/pioactor/pioactor/bridge/wire"
)

// Config is the section [mqtt].
type Config struct {
	// Broker is "auto" or "embedded" for a broker inside this process, or the
	// URL of another: tcp://host:port or ssl://host:port.
	Broker string `toml:"broker" help:"auto, embedded, tcp://host:port or ssl://host:port"`
	// Listen is where the embedded broker listens. Beyond loopback it needs PasswordFile.
	Listen string `toml:"listen" help:"address of the embedded broker"`
	// TopicRoot is the first level of every topic.
	TopicRoot string `toml:"topic_root" help:"first level of every topic"`
	// Username at another broker.
	Username string `toml:"username" help:"user name at another broker"`
	// PasswordFile holds, for the embedded broker, one user:hash line per user;
	// for another broker, the password of Username.
	PasswordFile string `toml:"password_file" help:"embedded broker: lines of user:hash; another broker: the password of username"`
	// CAFile holds the certificates, in PEM, that an ssl:// broker is checked against.
	CAFile string `toml:"ca_file" help:"PEM certificates to check an ssl:// broker against; empty: the system's"`
}

// DefaultConfig is an embedded broker on loopback.
func DefaultConfig() Config {
	return Config{Broker: "auto", Listen: broker.DefaultConfig().Listen, TopicRoot: "pioreactor"}
}

func (c Config) embedded() bool { return c.Broker == "auto" || c.Broker == "embedded" }

// Validate reports every problem that can be seen without touching a file or
// the network.
func (c Config) Validate() error {
	errs := []error{wire.CheckRoot(c.TopicRoot)}
	if c.embedded() {
		errs = append(errs, broker.Config{Listen: c.Listen, PasswordFile: c.PasswordFile}.Validate())
		if c.Username != "" {
			errs = append(errs, fmt.Errorf("bridge: [mqtt] username = %q: only for another broker; with broker = %q leave it out", c.Username, c.Broker))
		}
		if c.CAFile != "" {
			errs = append(errs, fmt.Errorf("bridge: [mqtt] ca_file = %q: only for broker = \"ssl://…\"; leave it out", c.CAFile))
		}
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, c.validRemote())...)
}

func (c Config) validRemote() error {
	if c.Broker == "mosquitto" {
		return errors.New(`bridge: [mqtt] broker = "mosquitto": starting mosquitto is left to the system; ` +
			`run it as a service and set broker = "tcp://127.0.0.1:1883"`)
	}
	u, err := url.Parse(c.Broker)
	if err != nil || u.Scheme != "tcp" && u.Scheme != "ssl" {
		return fmt.Errorf("bridge: [mqtt] broker = %.80q: want auto, embedded, tcp://host:port or ssl://host:port", c.Broker)
	}
	var errs []error
	if u.User != nil {
		errs = append(errs, fmt.Errorf("bridge: [mqtt] broker = %q: a password does not belong in the URL; set username and password_file", u.Redacted()))
	}
	if u.Hostname() == "" || u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, fmt.Errorf("bridge: [mqtt] broker = %q: want a host and a port and nothing after, such as tcp://leader.local:1883", u.Redacted()))
	}
	if c.PasswordFile != "" && c.Username == "" {
		errs = append(errs, fmt.Errorf("bridge: [mqtt] password_file = %q: set username too", c.PasswordFile))
	}
	if c.CAFile != "" && u.Scheme != "ssl" {
		errs = append(errs, fmt.Errorf("bridge: [mqtt] ca_file = %q: only for broker = \"ssl://…\", got %q", c.CAFile, u.Redacted()))
	}
	return errors.Join(errs...)
}

// access is the session configuration for the broker of c, files read.
func (c Config) access() (mqtt.Config, error) {
	m := mqtt.Config{Broker: c.Broker, Username: c.Username}
	if c.embedded() {
		return m, nil
	}
	if c.PasswordFile != "" {
		text, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return m, fmt.Errorf("bridge: [mqtt] password_file: %w", err)
		}
		if m.Password = strings.TrimRight(string(text), "\r\n"); m.Password == "" || strings.ContainsAny(m.Password, "\r\n") {
			return m, fmt.Errorf("bridge: [mqtt] password_file = %q: want one line, the password of %s", c.PasswordFile, c.Username)
		}
	}
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			return m, fmt.Errorf("bridge: [mqtt] ca_file: %w", err)
		}
		m.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		if !m.TLS.RootCAs.AppendCertsFromPEM(text) {
			return m, fmt.Errorf("bridge: [mqtt] ca_file = %q: holds no certificate in PEM", c.CAFile)
		}
	}
	return m, nil
}
