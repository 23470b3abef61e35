package monitor

import (
	"encoding/json"
	"fmt"

	"github.com/pioactor/pioactor/actors"
)

// versions is the published JSON. Keys and their order: Pioreactor 26.7.2.
type versions struct {
	App       string `json:"app"`
	HAT       string `json:"hat"`
	Firmware  string `json:"firmware"`
	HATSerial string `json:"hat_serial"`
	Machine   string `json:"rpi_machine"`
	Timestamp string `json:"timestamp"`
}

// over is v with everything that given says instead.
func (v versions) over(given versions) versions {
	for _, f := range []struct{ to, from *string }{
		{&v.App, &given.App}, {&v.HAT, &given.HAT}, {&v.Firmware, &given.Firmware},
		{&v.HATSerial, &given.HATSerial}, {&v.Machine, &given.Machine}, {&v.Timestamp, &given.Timestamp},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	return v
}

// know shows what the unit has found out about itself, if that is news.
func (m *Monitor) know(c *actors.Context, found versions) error {
	found.Timestamp = m.found.Timestamp
	if found == m.found && m.Versions != nothingKnown {
		return nil
	}
	m.found = found
	return m.showVersions(c)
}

func (m *Monitor) showVersions(c *actors.Context) error {
	m.found.Timestamp = c.Now().Format("2006-01-02T15:04:05.000Z")
	text, err := json.Marshal(m.found.over(m.given))
	if err != nil {
		return fmt.Errorf("monitor: versions: %w", err)
	}
	m.Versions = string(text)
	return nil
}

// merge takes the keys of a JSON object that this unit knows, as an updater
// sets them, and keeps the others. Source: Pioreactor 26.7.2.
func (m *Monitor) merge(c *actors.Context) error {
	var given versions
	if err := json.Unmarshal([]byte(m.Versions), &given); err != nil {
		return actors.Refuse("wrong_type",
			`versions: want a JSON object of texts, such as {"app":"1.2.0"}, got %.60q`, m.Versions)
	}
	m.given = m.given.over(given)
	m.given.Timestamp = given.Timestamp
	return m.showVersions(c)
}
