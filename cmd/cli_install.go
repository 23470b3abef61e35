package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/cmd/install"
)

// installFlags are those of install-service.
type installFlags struct {
	opts              install.Options
	yes, dryRun, undo bool
}

func installCommand(g *globals) *cobra.Command {
	var f installFlags
	c := &cobra.Command{
		Use:   "install-service",
		Short: "Make this unit start by itself on a Pi, or undo that",
		Long: "Make this unit start by itself on a Pi: the program, a service of systemd that runs without root and is watched, and udev\n" +
			"rules for the hardware. It shows every difference and command first, and asks; --undo puts back what was there before.\n" +
			"It neither starts nor restarts the unit; --undo stops it. A file that you have changed since is left alone and named.\n\n" +
			"With --boot it also adds to config.txt what a HAT needs, and keeps config.txt.before-pioactor beside it.",
		Args: cobra.NoArgs,
		Example: `  pioactor install-service --dry-run
  sudo pioactor install-service --config /etc/pioactor/config.toml --boot
  sudo pioactor install-service --undo`,
		RunE: func(c *cobra.Command, _ []string) error { return g.install(c, f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.opts.User, "user", "pioactor", "`name` of the user who runs it; made if there is none")
	flags.StringVar(&f.opts.Prefix, "prefix", "/", "`folder` with the file system of a Pi, for those who build images")
	flags.StringVar(&f.opts.Program, "program", "", "the pioactor `file` to install; without one, this program")
	flags.BoolVar(&f.opts.Boot, "boot", false, "also write the settings of the boot: config.txt and the I2C module")
	flags.BoolVar(&f.yes, "yes", false, "do it without a question")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show it and do nothing; needs no root")
	flags.BoolVar(&f.undo, "undo", false, "put back what was there before the first installation")
	return c
}

// install plans, shows, asks and does.
func (g *globals) install(c *cobra.Command, f installFlags) (err error) {
	if f.yes && f.dryRun {
		return usagef("want --yes or --dry-run, not both")
	}
	if g.json && !f.yes && !f.dryRun {
		return usagef("with --json nobody can be asked: want --yes or --dry-run as well")
	}
	if err := g.installOptions(&f.opts, f.undo); err != nil {
		return err
	}
	in, err := install.Open(f.opts, install.Exec)
	if err != nil {
		return usage(err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	plan, do := in.Plan, in.Apply
	if f.undo {
		plan, do = in.PlanUndo, in.Undo
	}
	p, err := plan()
	if err != nil {
		return err
	}
	return g.carryOut(c, f, in, p, do)
}

func (g *globals) carryOut(c *cobra.Command, f installFlags, in *install.Installer, p install.Plan, do func(context.Context, install.Plan) error) error {
	pr := g.printer(c)
	if !pr.json || f.dryRun {
		if err := pr.show(p, pr.paintDiff(p.String())); err != nil {
			return err
		}
	}
	idle := p.Empty() && !f.undo // an undo has its own record to remove
	if f.dryRun || idle && !pr.json {
		return nil
	}
	if err := in.MayApply(); err != nil {
		return fmt.Errorf("%w: `sudo %s`", err, strings.Join(append(os.Args[:1:1], g.args...), " "))
	}
	if !f.yes && !agreed(c) {
		return errors.New("nothing was changed; answer y, or call this with --yes")
	}
	if err := do(c.Context(), p); err != nil {
		return err
	}
	return pr.show(p, f.last())
}

// last says what to do next.
func (f installFlags) last() string {
	if f.undo {
		return "undone"
	}
	data := ""
	if f.opts.DataDir != systemDataDir {
		data = " --data-dir " + f.opts.DataDir
	}
	return "installed; the unit starts with the next boot, or now with `sudo systemctl restart pioactor`; then look with `sudo pioactor status" + data + "`"
}

// installOptions fills in what the flags leave open. A config must be in order
// before a service is built on it.
func (g *globals) installOptions(o *install.Options, undo bool) (err error) {
	if o.Program == "" {
		if o.Program, err = os.Executable(); err != nil {
			return fmt.Errorf("cmd: which program this is: %w; name it with --program", err)
		}
	}
	if o.Prefix, err = filepath.Abs(o.Prefix); err != nil {
		return fmt.Errorf("cmd: --prefix: %w", err)
	}
	o.Config, o.DataDir = g.configFile, g.dataDir
	if o.Prefix == "/" {
		if o.Config, err = absolute(o.Config); err != nil {
			return err
		}
		if o.DataDir, err = absolute(o.DataDir); err != nil {
			return err
		}
	}
	cfg := DefaultConfig()
	if o.Config != "" && !undo {
		if cfg, err = LoadConfig(filepath.Join(o.Prefix, o.Config)); err != nil {
			return err
		}
	}
	for _, dir := range []string{cfg.Unit.DataDir, systemDataDir} {
		o.DataDir = valueOr(o.DataDir, dir)
	}
	return nil
}

func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}

// agreed asks.
func agreed(c *cobra.Command) bool {
	fmt.Fprint(c.ErrOrStderr(), "do this? [y/N] ")
	in := bufio.NewScanner(c.InOrStdin())
	if !in.Scan() {
		return false
	}
	answer := strings.ToLower(strings.TrimSpace(in.Text()))
	return answer == "y" || answer == "yes"
}

// paintDiff colours what comes and goes.
func (p *printer) paintDiff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		sgr := ""
		switch {
		case strings.HasPrefix(body, "+"):
			sgr = green
		case strings.HasPrefix(body, "-"):
			sgr = red
		case strings.HasPrefix(body, "note:"), strings.HasPrefix(body, "left alone:"):
			sgr = yellow
		}
		b.WriteString(p.painted(sgr, body) + "\n")
	}
	return b.String()
}
