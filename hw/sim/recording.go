package sim

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recording is what was read from a CSV of od_readings.
type recording struct {
	volts    [5][]float64 // by channel; nil: not recorded
	interval time.Duration
	rows     int
}

// last is the index of the longest track's last row.
func (r *recording) last() int64 {
	n := 0
	for _, track := range r.volts {
		n = max(n, len(track))
	}
	return int64(n - 1)
}

// fullScale is above everything recorded.
func (r *recording) fullScale() float64 {
	highest := 0.0
	for _, track := range r.volts {
		for _, v := range track {
			highest = max(highest, v)
		}
	}
	return max(replayFullScaleV, 2*highest)
}

// The columns a recording needs, in any order; others are ignored.
var columns = [...]string{"timestamp", "od_reading", "angle", "channel"}

// maxReading refuses what is no photodiode's value: volts or OD stay far below.
const maxReading = 1000

// readRecording reads CSV with a header. An error names line and column.
func readRecording(r io.Reader) (recording, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return recording{}, errors.New("sim: recording: line 1: empty: a header is needed: timestamp,od_reading,angle,channel")
	}
	if err != nil {
		return recording{}, fmt.Errorf("sim: recording: %w", err)
	}
	place, err := places(header)
	if err != nil {
		return recording{}, err
	}
	t := tape{}
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return t.finish()
		}
		if err != nil {
			return recording{}, fmt.Errorf("sim: recording: %w", err)
		}
		line, _ := in.FieldPos(0)
		if column, err := t.add([4]string{fields[place[0]], fields[place[1]], fields[place[2]], fields[place[3]]}); err != nil {
			return recording{}, fmt.Errorf("sim: recording: line %d, column %s: %w", line, column, err)
		}
	}
}

// places finds the columns in the header.
func places(header []string) (place [4]int, err error) {
	var missing []string
	for i, name := range columns {
		place[i] = slices.IndexFunc(header, func(h string) bool {
			return strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")), name)
		})
		if place[i] < 0 {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return place, fmt.Errorf("sim: recording: line 1: column %s is missing: the header must name %s",
			strings.Join(missing, ", "), strings.Join(columns[:], ", "))
	}
	return place, nil
}

// tape collects rows.
type tape struct {
	recording
	angle  [5]string
	newest [5]time.Time
	gaps   []time.Duration
}

// add takes one row in the order of columns; an error comes with its column.
func (t *tape) add(row [4]string) (column string, err error) {
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	at, err := parseTime(row[0])
	if err != nil {
		return columns[0], err
	}
	v, err := strconv.ParseFloat(row[1], 64)
	if err != nil || !(v >= 0 && v <= maxReading) {
		return columns[1], fmt.Errorf("%q: must be a number from 0 to %d", row[1], maxReading)
	}
	if !slices.Contains([]string{"45", "90", "135", "180", "REF"}, row[2]) {
		return columns[2], fmt.Errorf("%q: must be 45, 90, 135, 180 or REF", row[2])
	}
	n, err := strconv.Atoi(row[3])
	if err != nil || n < 1 || n > 4 {
		return columns[3], fmt.Errorf("%q: must be 1 to 4", row[3])
	}
	return t.append(n, at, v, row[2])
}

func (t *tape) append(n int, at time.Time, v float64, angle string) (column string, err error) {
	if t.volts[n] != nil {
		if t.angle[n] != angle {
			return columns[2], fmt.Errorf("channel %d looks at %s° here and at %s° before: split the file", n, angle, t.angle[n])
		}
		gap := at.Sub(t.newest[n])
		if gap <= 0 || gap == math.MaxInt64 {
			return columns[0], fmt.Errorf("%s does not follow %s of the same channel", stamp(at), stamp(t.newest[n]))
		}
		t.gaps = append(t.gaps, gap)
	}
	t.volts[n], t.angle[n], t.newest[n] = append(t.volts[n], v), angle, at
	t.rows++
	return "", nil
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

// finish works out the interval.
func (t *tape) finish() (recording, error) {
	if len(t.gaps) == 0 {
		return recording{}, fmt.Errorf("sim: recording: %d rows: a channel needs at least 2 to show its interval", t.rows)
	}
	slices.Sort(t.gaps)
	t.interval = t.gaps[len(t.gaps)/2]
	return t.recording, nil
}

// parseTime reads the forms that Pioreactor's exports have used, UTC if unsaid.
func parseTime(s string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: must be a time such as 2025-02-26T10:27:40.854Z", s)
}
