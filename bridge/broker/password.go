package broker

import (
	"bufio"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

const (
	scheme     = "pbkdf2-sha256"
	iterations = 210_000 // about 0.05 s on a PC, 0.5 s on a Pi 3; paid once per password and process
	maxIter    = 10_000_000
	saltBytes  = 16
	keyBytes   = sha256.Size
	maxUsers   = 1000
	maxLine    = 1024 // bytes
	minPass    = 8    // characters; a shared lab secret, not a PIN
)

// A hash is one stored password.
type hash struct {
	iterations int
	salt, key  []byte
}

// HashPassword returns one line of a password file, "user:pbkdf2-sha256$…",
// with a fresh salt from the operating system. The password needs at least 8 bytes.
func HashPassword(user, password string) (string, error) {
	if err := checkUser(user); err != nil {
		return "", err
	}
	if len(password) < minPass {
		return "", fmt.Errorf("broker: password of %q has %d bytes, needs at least %d", user, len(password), minPass)
	}
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("broker: read random salt: %w", err)
	}
	key, err := pbkdf2.Key(sha256.New, password, salt, iterations, keyBytes)
	if err != nil {
		return "", fmt.Errorf("broker: hash password of %q: %w", user, err)
	}
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%s:%s$%d$%s$%s", user, scheme, iterations, text(salt), text(key)), nil
}

func checkUser(user string) error {
	if user == "" || len(user) > 64 || strings.ContainsAny(user, ":#\x00\r\n\t ") {
		return fmt.Errorf("broker: user name %q: want 1 to 64 bytes without space, colon or #", user)
	}
	return nil
}

// matches reports whether password is the one hashed, in constant time.
func (h hash) matches(password string) bool {
	key, err := pbkdf2.Key(sha256.New, password, h.salt, h.iterations, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1
}

// readPasswords reads a password file; empty lines and # comments are skipped.
func readPasswords(path string) (map[string]hash, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("broker: [mqtt] password_file: %w", err)
	}
	defer file.Close()
	users, err := parsePasswords(path, file)
	if err == nil && len(users) == 0 {
		err = fmt.Errorf("broker: [mqtt] password_file: %s: no user in it", path)
	}
	return users, err
}

func parsePasswords(name string, r io.Reader) (map[string]hash, error) {
	users := map[string]hash{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := addUser(users, text); err != nil {
			return nil, fmt.Errorf("broker: [mqtt] password_file: %s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("broker: [mqtt] password_file: %s:%d: %w", name, n+1, err)
	}
	return users, nil
}

// addUser parses one line; no error quotes the hash itself.
func addUser(users map[string]hash, line string) error {
	user, stored, ok := strings.Cut(line, ":")
	if !ok {
		return errors.New("want user:" + scheme + "$iterations$salt$hash")
	}
	if err := checkUser(user); err != nil {
		return err
	}
	if _, twice := users[user]; twice {
		return fmt.Errorf("user %q appears twice", user)
	}
	if len(users) >= maxUsers {
		return fmt.Errorf("more than %d users", maxUsers)
	}
	h, err := parseHash(stored)
	if err != nil {
		return fmt.Errorf("user %q: %w", user, err)
	}
	users[user] = h
	return nil
}

func parseHash(stored string) (hash, error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 4 || parts[0] != scheme {
		return hash{}, errors.New("not a " + scheme + "$iterations$salt$hash entry; a password in clear text is not accepted")
	}
	iter, err := strconv.Atoi(parts[1])
	if err != nil || iter < iterations || iter > maxIter {
		return hash{}, fmt.Errorf("iterations = %q, want %d to %d", parts[1], iterations, maxIter)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || len(salt) < 8 {
		return hash{}, errors.New("salt: want at least 8 bytes in unpadded base64")
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[3])
	if err != nil || len(key) != keyBytes {
		return hash{}, fmt.Errorf("hash: want %d bytes in unpadded base64", keyBytes)
	}
	return hash{iterations: iter, salt: salt, key: key}, nil
}
