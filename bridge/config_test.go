package bridge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pioactor/pioactor/bridge/bridgetest"
	"github.com/pioactor/pioactor/bridge/broker"
)

func TestConfigIsRefusedWithTheNextStep(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for sentence, edit := range map[string]func(*Config){
		`broker: [mqtt] listen = "0.0.0.0:1883" is reachable from other machines and needs credentials: set [mqtt] password_file, or listen on 127.0.0.1`: func(c *Config) { c.Listen = "0.0.0.0:1883" },
		`bridge: [mqtt] broker = "mosquitto": starting mosquitto is left to the system; run it as a service and set broker = "tcp://127.0.0.1:1883"`:      func(c *Config) { c.Broker = "mosquitto" },
		`bridge: [mqtt] broker = "http://x": want auto, embedded, tcp://host:port or ssl://host:port`:                                                     func(c *Config) { c.Broker = "http://x" },
		`bridge: [mqtt] broker = "tcp://lab": want a host and a port and nothing after, such as tcp://leader.local:1883`:                                  func(c *Config) { c.Broker = "tcp://lab" },
		`bridge: [mqtt] broker = "tcp://u:xxxxx@lab:1883": a password does not belong in the URL; set username and password_file`:                         func(c *Config) { c.Broker = "tcp://u:secret@lab:1883" },
		`bridge: [mqtt] username = "u": only for another broker; with broker = "auto" leave it out`:                                                       func(c *Config) { c.Username = "u" },
		`bridge: [mqtt] ca_file = "ca.pem": only for broker = "ssl://…"; leave it out`:                                                                    func(c *Config) { c.CAFile = "ca.pem" },
		`bridge: [mqtt] ca_file = "ca.pem": only for broker = "ssl://…", got "tcp://lab:1883"`:                                                            func(c *Config) { c.Broker, c.CAFile = "tcp://lab:1883", "ca.pem" },
		`bridge: [mqtt] password_file = "p": set username too`:                                                                                            func(c *Config) { c.Broker, c.PasswordFile = "tcp://lab:1883", "p" },
		`wire: topic_root "a+": '+' is not allowed in a name`:                                                                                             func(c *Config) { c.TopicRoot = "a+" },
	} {
		c := DefaultConfig()
		edit(&c)
		if err := c.Validate(); err == nil || err.Error() != sentence {
			t.Errorf("got  %v\nwant %s", err, sentence)
		}
	}
	if _, err := New(DefaultConfig(), "a/b"); err == nil {
		t.Error("an experiment that breaks topics was accepted")
	}
}

func TestCredentialFilesAreReadAtOnce(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("pass", "a long secret\n")
	b, err := New(Config{Broker: "tcp://lab:1883", TopicRoot: "pioreactor", Username: "u", PasswordFile: good}, "exp1")
	if err != nil || b.access.Password != "a long secret" {
		t.Errorf("password %q, %v", b.access.Password, err)
	}
	for name, c := range map[string]Config{
		"no password file":  {Broker: "tcp://lab:1883", Username: "u", PasswordFile: filepath.Join(dir, "none")},
		"an empty password": {Broker: "tcp://lab:1883", Username: "u", PasswordFile: file("empty", "\n")},
		"two lines":         {Broker: "tcp://lab:1883", Username: "u", PasswordFile: file("two", "a\nb\n")},
		"no CA file":        {Broker: "ssl://lab:8883", CAFile: filepath.Join(dir, "none")},
		"no certificate":    {Broker: "ssl://lab:8883", CAFile: good},
	} {
		c.TopicRoot = "pioreactor"
		if _, err := New(c, "exp1"); err == nil || !strings.Contains(err.Error(), "[mqtt] ") {
			t.Errorf("%s: %v, want an error that names the key", name, err)
		}
	}
}

func TestEmbeddedBrokerWithUsersKnowsItsOwnProcess(t *testing.T) {
	line, err := broker.HashPassword("lab", "a long secret")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Listen, cfg.PasswordFile = "127.0.0.1:0", path
	r := newRig(t, &cfg)
	bridgetest.Eventually(t, soon, "the bridge is let in", func() bool { return r.bridge.Stats().Connected })
	url, _ := r.bridge.Broker()
	if _, err := bridgetest.Connect(t, strings.TrimPrefix(url, "tcp://")); err == nil {
		t.Error("a stranger was let in")
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "pioactor-users-*")); err != nil || len(left) > 0 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}
