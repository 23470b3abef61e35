package notify

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Config is what [alarms] says about delivery.
type Config struct {
	Webhook string            `toml:"webhook" help:"address that alarms are sent to, in the form of ntfy.sh, hooks.slack.com or else as JSON; more in [alarms.deliver.NAME]"`
	Deliver map[string]Target // sections [alarms.deliver.NAME]
}

// Target is one section [alarms.deliver.NAME]: where alarms go.
type Target struct {
	Kind        string   `toml:"kind" oneof:"ntfy|slack|json|command" help:"form of the message, or a program to run"`
	URL         string   `toml:"url" help:"http or https address; of ntfy that of the topic"`
	Command     []string `toml:"command" help:"program and arguments, run without a shell; the alarm is JSON on its input, and PIOACTOR_… in its environment"`
	MinPriority string   `toml:"min_priority" oneof:"low|medium|high" help:"the least that is sent"`
	Clears      bool     `toml:"clears" help:"also say when an alarm ends"`
	HeadersFile string   `toml:"headers_file" help:"lines of Name: value sent along, such as Authorization: Bearer …"`

	headers http.Header // read from HeadersFile
}

// The kinds of target.
const (
	ntfy    = "ntfy"
	slack   = "slack"
	plain   = "json"
	command = "command"
)

// DefaultTarget is a target with everything unset.
func DefaultTarget() Target {
	return Target{Kind: plain, Command: []string{}, MinPriority: "low", Clears: true}
}

// DefaultConfig delivers nowhere.
func DefaultConfig() Config { return Config{Deliver: map[string]Target{}} }

var goodName = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// Validate reports all that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	if c.Webhook != "" {
		if err := checkURL(c.Webhook); err != nil {
			errs = append(errs, fmt.Errorf("[alarms] webhook: %w", err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Deliver)) {
		fail := func(err error) { errs = append(errs, fmt.Errorf("[alarms.deliver.%s] %w", name, err)) }
		if !goodName.MatchString(name) || len(name) > 40 {
			fail(errors.New("want a name of lower-case words and digits joined by _, at most 40 characters"))
		}
		if name == "webhook" && c.Webhook != "" {
			fail(errors.New("webhook: [alarms] webhook is a target of this name already; leave one of them out"))
		}
		if err := c.Deliver[name].validate(); err != nil {
			fail(err)
		}
	}
	return errors.Join(errs...)
}

func (t Target) validate() error {
	switch {
	case t.Kind == command && len(t.Command) == 0:
		return errors.New(`command: is missing; give program and arguments, such as ["/usr/local/bin/tell", "me"]`)
	case t.Kind == command && !filepath.IsAbs(t.Command[0]):
		return fmt.Errorf("command: %.80q: want the whole path of a program, such as /usr/local/bin/tell", t.Command[0])
	case t.Kind == command && (t.URL != "" || t.HeadersFile != ""):
		return errors.New("command: a command has no url and no headers_file; leave them out")
	case t.Kind == command:
		return nil
	case len(t.Command) > 0:
		return fmt.Errorf(`command: is for kind = "command", this is %q; leave it out`, t.Kind)
	case t.URL == "":
		return errors.New("url: is missing; give the address that alarms are sent to")
	}
	if err := checkURL(t.URL); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	_, err := readHeaders(t.HeadersFile)
	return err
}

// checkURL refuses what cannot be posted to. It does not repeat the address:
// whoever knows it can often post there.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("want an address that begins with https:// or http://")
	}
	if u.User != nil {
		return errors.New("holds a password; put an Authorization header into headers_file")
	}
	return nil
}

// readHeaders reads lines of "Name: value"; # begins a comment.
func readHeaders(file string) (http.Header, error) {
	headers := http.Header{}
	if file == "" {
		return headers, nil
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("headers_file: %s is not a file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("headers_file: %w", err)
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	for n := 1; scan.Scan(); n++ {
		line := strings.TrimSpace(scan.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !token.MatchString(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, fmt.Errorf("headers_file: %s:%d: want Name: value", file, n)
		}
		headers.Add(textproto.CanonicalMIMEHeaderKey(name), value)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("headers_file: %s: %w", file, err)
	}
	return headers, nil
}

// token is a header's name. Source: RFC 9110, 5.6.2.
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// targets are all targets by name, with what their files hold.
func (c Config) targets() (map[string]Target, error) {
	all := maps.Clone(c.Deliver)
	if all == nil {
		all = map[string]Target{}
	}
	if c.Webhook != "" {
		t := DefaultTarget()
		t.URL, t.Kind = c.Webhook, kindOf(c.Webhook)
		all["webhook"] = t
	}
	for name, t := range all {
		headers, err := readHeaders(t.HeadersFile)
		if err != nil {
			return nil, fmt.Errorf("[alarms.deliver.%s] %w", name, err)
		}
		t.headers = headers
		all[name] = t
	}
	return all, nil
}

// kindOf knows the services whose address is their name.
func kindOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return plain
	}
	switch u.Hostname() {
	case "ntfy.sh":
		return ntfy
	case "hooks.slack.com":
		return slack
	}
	return plain
}
