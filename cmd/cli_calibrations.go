package cmd

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/bridge/web"
	"github.com/pioactor/pioactor/hw/calibration"
)

func calibrationsCommand(g *globals) *cobra.Command {
	c := shelfCommand(g, actors.Calibrations, "calibration", "media_pump")
	c.Long = "What turns volts into OD, mL into seconds of pumping, rpm into duty. Devices: od45, od90, od135, media_pump,\n" +
		"alt_media_pump, waste_pump, stirring. Files are those of Pioreactor, unchanged."
	c.AddCommand(guidedCommand(g))
	return c
}

func estimatorsCommand(g *globals) *cobra.Command {
	c := shelfCommand(g, actors.Estimators, "estimator", calibration.FusedDevice)
	c.Long = "What joins the photodiodes of several angles into one density. The device is od_fused. Files are those of\n" +
		"Pioreactor, unchanged."
	return c
}

// shelfCommand is what calibrations and estimators have in common. word is one
// of them, device an example.
func shelfCommand(g *globals, shelf, word, device string) *cobra.Command {
	on := func(do func(*session, web.Shelf) error) func(*cobra.Command, []string) error {
		return g.talk(func(s *session) error { return do(s, s.node.Shelf(shelf)) })
	}
	example := func(rest string) string { return "  pioactor " + shelf + " " + rest }
	c := &cobra.Command{
		Use: shelf, Short: "The " + shelf + " of this unit, and which are active", Args: cobra.NoArgs,
		Example: example("list") + "\n" + example("use "+device+" 2026-01-31"), RunE: on((*session).listShelf),
	}
	c.AddCommand(
		&cobra.Command{Use: "list [DEVICE]", Short: "Every " + word + ", or those of a device", Args: cobra.MaximumNArgs(1),
			Example: example("list"), RunE: on((*session).listShelf)},
		&cobra.Command{Use: "show DEVICE NAME", Short: "Draw one, with its points", Args: cobra.ExactArgs(2),
			Example: example("show " + device + " 2026-01-31"), RunE: on((*session).showFile)},
		&cobra.Command{Use: "use DEVICE NAME", Short: "Make one the active " + word + " of its device", Args: cobra.ExactArgs(2),
			Example: example("use " + device + " 2026-01-31"), RunE: on((*session).useFile)},
		&cobra.Command{Use: "unuse DEVICE", Short: "Leave a device without an active " + word, Args: cobra.ExactArgs(1),
			Example: example("unuse " + device), RunE: on((*session).unuseFile)},
		&cobra.Command{Use: "import DEVICE FILE", Short: "Add a YAML file of Pioreactor's; - reads standard input", Args: cobra.ExactArgs(2),
			Example: example("import " + device + " 2026-01-31.yaml"), RunE: importFile(g, shelf)},
		&cobra.Command{Use: "export DEVICE NAME [FILE]", Short: "Write one as a YAML file; without FILE to standard output", Args: cobra.RangeArgs(2, 3),
			Example: example("export " + device + " 2026-01-31 copy.yaml"), RunE: on((*session).exportFile)},
		&cobra.Command{Use: "delete DEVICE NAME", Short: "Remove one for good; the active one is refused", Args: cobra.ExactArgs(2),
			Example: example("delete " + device + " 2026-01-31"), RunE: on((*session).deleteFile)},
	)
	return c
}

func (s *session) listShelf(shelf web.Shelf) error {
	device := ""
	if len(s.args) == 1 {
		device = s.args[0]
	}
	files, err := shelf.List(s.ctx, device)
	if err != nil {
		return err
	}
	return s.show(files, s.files(files))
}

func (p *printer) files(files []actors.CalibrationFile) string {
	var rows [][]string
	for _, f := range files {
		active, made := "", "-"
		if f.Active {
			active = "active"
		}
		if !f.CreatedAt.IsZero() {
			made = f.CreatedAt.Local().Format("2006-01-02 15:04")
		}
		rows = append(rows, []string{f.Device, f.Name, active, valueOr(f.Kind, "-"), made, domainText(f.Domain), f.Problem})
	}
	if rows == nil {
		return "none so far"
	}
	return p.table([]string{"DEVICE", "NAME", "ACTIVE", "KIND", "CREATED", "DOMAIN", "PROBLEM"}, rows)
}

func domainText(d actors.Domain) string {
	if d.Axis == "" {
		return "-"
	}
	return fmt.Sprintf("%s %.4g to %.4g", d.Axis, d.Low, d.High)
}

func (s *session) showFile(shelf web.Shelf) error {
	f, err := shelf.Show(s.ctx, s.args[0], s.args[1])
	if err != nil {
		return err
	}
	return s.show(f, fileText(f))
}

func (s *session) useFile(shelf web.Shelf) error {
	f, err := shelf.Use(s.ctx, s.args[0], s.args[1])
	if err != nil {
		return err
	}
	return s.show(f, fmt.Sprintf("%s now uses %s", f.Device, f.Name))
}

func (s *session) unuseFile(shelf web.Shelf) error {
	answer, err := shelf.Unuse(s.ctx, s.args[0])
	if err != nil {
		return err
	}
	return s.show(answer, s.args[0]+" uses none")
}

func (s *session) deleteFile(shelf web.Shelf) error {
	answer, err := shelf.Delete(s.ctx, s.args[0], s.args[1])
	if err != nil {
		return err
	}
	return s.show(answer, s.args[1]+" is deleted")
}

// importFile reads the file before it talks to the node.
func importFile(g *globals, shelf string) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		text, err := readBounded(c, args[1])
		if err != nil {
			return err
		}
		return g.talk(func(s *session) error {
			f, err := s.node.Shelf(shelf).Import(s.ctx, args[0], text)
			if err != nil {
				return err
			}
			return s.show(f, fmt.Sprintf("%s has %s; `pioactor %s use %s %s` makes it the active one", f.Device, f.Name, shelf, f.Device, f.Name))
		})(c, args)
	}
}

// readBounded reads a file, or with - standard input, no further than a
// calibration may be long.
func readBounded(c *cobra.Command, name string) ([]byte, error) {
	in := c.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, calibration.MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("import: read %s: %w", name, err)
	case len(text) > calibration.MaxBytes:
		return nil, usagef("import: %s is longer than %d bytes: this is no calibration", name, calibration.MaxBytes)
	}
	return text, nil
}

func (s *session) exportFile(shelf web.Shelf) error {
	f, err := shelf.Show(s.ctx, s.args[0], s.args[1])
	if err != nil {
		return err
	}
	if len(s.args) == 2 {
		return s.show(f, f.YAML)
	}
	if err := writeNew(s.args[2], f.YAML); err != nil {
		return err
	}
	return s.show(f, "written to "+s.args[2])
}

// writeNew writes a file that is not there yet.
func writeNew(name, text string) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() {
		if closed := f.Close(); err == nil && closed != nil {
			err = fmt.Errorf("export: %w", closed)
		}
	}()
	if _, err := io.Copy(f, strings.NewReader(text)); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
