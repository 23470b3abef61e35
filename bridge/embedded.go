package bridge

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/pioactor/pioactor/bridge/broker"
)

// startEmbedded starts the broker and returns the credentials of this process.
func (c Config) startEmbedded() (b *broker.Broker, user, password string, err error) {
	cfg := broker.Config{Listen: c.Listen, PasswordFile: c.PasswordFile}
	if c.PasswordFile == "" {
		b, err = broker.Start(cfg)
		return b, "", "", err
	}
	user, password = "pioactor-"+rand.Text()[:8], rand.Text()
	if cfg.PasswordFile, err = withUser(c.PasswordFile, user, password); err != nil {
		return nil, "", "", err
	}
	b, err = broker.Start(cfg)
	if err := errors.Join(err, os.Remove(cfg.PasswordFile)); err != nil {
		if b != nil {
			err = errors.Join(err, b.Close())
		}
		return nil, "", "", err
	}
	return b, user, password, nil
}

// withUser writes a copy of the password file with one more user, known to
// this process only. The caller removes it.
func withUser(path, user, password string) (string, error) {
	users, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("bridge: [mqtt] password_file: %w", err)
	}
	line, err := broker.HashPassword(user, password)
	if err != nil {
		return "", fmt.Errorf("bridge: own credentials: %w", err)
	}
	f, err := os.CreateTemp("", "pioactor-users-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("bridge: own credentials: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s\n%s\n", users, line)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("bridge: own credentials: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}
