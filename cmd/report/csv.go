package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// stamp is a time of a run as it is written.
func (r *Run) stamp(at time.Duration) string {
	return r.Start.Add(at).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func seconds(at time.Duration) string { return strconv.FormatFloat(at.Seconds(), 'f', 3, 64) }

// text is a value with six significant digits, or nothing.
func (v Value) text() string {
	if !v.Known {
		return ""
	}
	return strconv.FormatFloat(v.X, 'g', 6, 64)
}

// WriteReadings writes one row for each instant at which the OD was read.
func (r *Run) WriteReadings(w io.Writer) error {
	head := []string{"timestamp", "seconds"}
	for _, c := range r.Channels {
		head = append(head, fmt.Sprintf("od_%d_%s", c.Number, c.Angle))
	}
	head = append(head, "quality", "od_filtered", "growth_rate_per_h", "true_od_au", "true_growth_rate_per_h",
		"true_volume_ml", "ledger_volume_ml", "rpm", "true_temperature_c", "temperature_c", "heater_percent", "heater_asked_percent",
		"target_biomass", "target_temperature_c", "led_a_percent", "led_b_percent", "led_c_percent", "led_d_percent")
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return fmt.Errorf("report: readings: %w", err)
	}
	for i := range r.Rows {
		if err := out.Write(r.fields(&r.Rows[i])); err != nil {
			return fmt.Errorf("report: readings: %w", err)
		}
	}
	if out.Flush(); out.Error() != nil {
		return fmt.Errorf("report: readings: %w", out.Error())
	}
	return nil
}

func (r *Run) fields(row *Row) []string {
	fields := []string{r.stamp(row.At), seconds(row.At)}
	for i := range r.Channels {
		fields = append(fields, row.od(i).text())
	}
	var od, mu, ml, c Value
	if t := row.True; row.Simulated {
		od, mu, ml, c = Of(t.ODAU), Of(t.MuPerH), Of(t.VolumeML), Of(t.TemperatureC)
	}
	return append(fields, row.Quality, row.Filtered.text(), row.GrowthPerH.text(), od.text(), mu.text(), ml.text(),
		row.LedgerML.text(), row.RPM.text(), c.text(), row.TemperatureC.text(), row.HeaterPct.text(), row.HeaterAskedPct.text(),
		row.Target.text(), row.TargetC.text(), row.LEDPct[0].text(), row.LEDPct[1].text(), row.LEDPct[2].text(), row.LEDPct[3].text())
}

// WriteEvents writes one row for each event, in the order of time.
func (r *Run) WriteEvents(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"timestamp", "seconds", "kind", "source", "name", "message", "media_ml", "alt_media_ml", "waste_ml"}}
	for _, e := range r.sorted() {
		fields := []string{r.stamp(e.At), seconds(e.At), string(e.Kind), e.Source, e.Name, e.Message, "", "", ""}
		if e.Kind == Dose {
			fields[6], fields[7], fields[8] = Of(e.MediaML).text(), Of(e.AltMediaML).text(), Of(e.WasteML).text()
		}
		rows = append(rows, fields)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("report: events: %w", err)
	}
	return nil
}
