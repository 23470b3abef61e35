package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Log is logs/<source>/<level>. Everything beyond ASCII is escaped, as the
// original's encoder does.
type Log struct {
	Source    string    `json:"source"` // app, ui, a plug-in's name
	Task      string    `json:"task"`   // the job
	Message   string    `json:"message"`
	Level     string    `json:"level"` // DEBUG INFO NOTICE WARNING ERROR CRITICAL
	Timestamp time.Time `json:"timestamp"`
	// Note is a user's note from the web app: without the key taskName.
	Note bool `json:"-"`
}

// UnmarshalJSON reads either form.
func (p *Log) UnmarshalJSON(data []byte) error {
	type plain Log
	var j struct {
		plain
		TaskName *json.RawMessage `json:"taskName"`
	}
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*p = Log(j.plain)
	p.Note = !bytes.Contains(data, []byte(`"taskName":`)) // a null leaves no other trace
	return nil
}

func (p Log) encode() ([]byte, error) {
	w := compact()
	w.ascii = true
	w.open()
	if !p.Note {
		w.key("taskName") // always null: it leaks from Python's LogRecord
		w.null()
	}
	w.textField("source", p.Source)
	w.textField("task", p.Task)
	w.textField("message", p.Message)
	w.textField("level", p.Level)
	w.milliField("timestamp", p.Timestamp)
	w.close()
	return w.out, w.err
}

// LogTopic is the setting part of a log's topic: app/warning.
func (p Log) LogTopic() string { return p.Source + "/" + strings.ToLower(p.Level) }

// ComputerStatistics is monitor/computer_statistics.
type ComputerStatistics struct {
	AvailableDiskGB float64   `json:"available_disk_space"`
	CPUTemperatureC Number    `json:"cpu_temperature_celcius"` // Pioreactor's spelling
	Timestamp       time.Time `json:"timestamp"`
}

func (p ComputerStatistics) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.floatField("available_disk_space", p.AvailableDiskGB)
	w.numberField("cpu_temperature_celcius", p.CPUTemperatureC)
	w.milliField("timestamp", p.Timestamp)
	w.close()
	return w.out, w.err
}

// Versions is monitor/versions.
type Versions struct {
	App       string    `json:"app"`
	HAT       string    `json:"hat"`
	Firmware  string    `json:"firmware"`
	HATSerial string    `json:"hat_serial"`
	Machine   string    `json:"rpi_machine"`
	Timestamp time.Time `json:"timestamp"`
}

func (p Versions) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.textField("app", p.App)
	w.textField("hat", p.HAT)
	w.textField("firmware", p.Firmware)
	w.textField("hat_serial", p.HATSerial)
	w.textField("rpi_machine", p.Machine)
	w.milliField("timestamp", p.Timestamp)
	w.close()
	return w.out, w.err
}

// LEDIntensities is leds/intensity: all four channels, in %.
type LEDIntensities struct {
	A, B, C, D float64
}

func (p LEDIntensities) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.floatField("A", p.A)
	w.floatField("B", p.B)
	w.floatField("C", p.C)
	w.floatField("D", p.D)
	w.close()
	return w.out, w.err
}

// PWMDutyCycles is pwms/dc: duty cycle in % by BCM pin, {"17": 15.0}. A channel
// that is off is left out. Pins are written in ascending order.
type PWMDutyCycles map[int]float64

// UnmarshalJSON reads the pins.
func (p *PWMDutyCycles) UnmarshalJSON(data []byte) error {
	var byName map[string]float64
	if err := json.Unmarshal(data, &byName); err != nil {
		return err
	}
	*p = PWMDutyCycles{}
	for name, dc := range byName {
		pin, err := strconv.Atoi(name)
		if err != nil || pin < 0 {
			return fmt.Errorf("pin %q", name)
		}
		(*p)[pin] = dc
	}
	return nil
}

func (p PWMDutyCycles) encode() ([]byte, error) {
	pins := make([]int, 0, len(p))
	for pin, dc := range p {
		if dc != 0 {
			pins = append(pins, pin)
		}
	}
	slices.Sort(pins)
	w := spaced()
	w.open()
	for _, pin := range pins {
		w.floatField(strconv.Itoa(pin), p[pin])
	}
	w.close()
	return w.out, w.err
}

// BlankMeans is od_blank/means: the blank of each channel "1" to "4", in volts.
type BlankMeans map[string]float64

func (p BlankMeans) encode() ([]byte, error) {
	channels := make([]string, 0, len(p))
	for channel := range p {
		channels = append(channels, channel)
	}
	slices.Sort(channels)
	w := compact()
	w.open()
	for _, channel := range channels {
		w.floatField(channel, p[channel])
	}
	w.close()
	return w.out, w.err
}

// Assignment is $experiment/assignment: the experiment a unit belongs to.
type Assignment struct {
	Unit       string    `json:"pioreactor_unit"`
	Experiment string    `json:"experiment"`  // empty: unassigned, null
	AssignedAt time.Time `json:"assigned_at"` // null while unassigned
	UpdatedAt  time.Time `json:"updated_at"`
}

func (p Assignment) encode() ([]byte, error) {
	w := compact()
	w.open()
	w.textField("pioreactor_unit", p.Unit)
	w.orNullField("experiment", p.Experiment)
	if p.Experiment == "" {
		w.key("assigned_at")
		w.null()
	} else {
		w.milliField("assigned_at", p.AssignedAt)
	}
	w.milliField("updated_at", p.UpdatedAt)
	w.close()
	return w.out, w.err
}
