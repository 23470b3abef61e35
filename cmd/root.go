package cmd

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// Main runs the program with the arguments of the process, and exits: with 0
// when all is done, 1 when something failed, 2 when it was called wrongly, and
// 3 when the unit refused. Call it last in main.
func Main() {
	if len(os.Args) > 1 && os.Args[1] == guardCommand {
		os.Exit(standGuard(os.Stderr))
	}
	os.Exit(executeFrom(context.Background(), os.Stdin, os.Args[1:], os.Stdout, os.Stderr))
}

// executeFrom is Main for given input, arguments and outputs; it returns the exit code.
func executeFrom(ctx context.Context, in io.Reader, args []string, out, errs io.Writer) int {
	g := &globals{args: args}
	root := newRoot(g)
	root.SetArgs(append([]string{}, args...)) // never nil, which would mean the process's own
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	at, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	f := g.failure(err, at.CommandPath())
	return f.report(errs, g.json || asksJSON(args))
}

// globals are the flags of every command.
type globals struct {
	configFile string
	dataDir    string
	json       bool
	unit       []string
	args       []string // as they were given
	called     bool     // flags and arguments were in order
}

// config is the configuration in force: the file somebody named, else the defaults.
func (g *globals) config() (Config, error) {
	if g.configFile != "" {
		return LoadConfig(g.configFile)
	}
	cfg := DefaultConfig()
	return cfg, cfg.Validate()
}

func newRoot(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "pioactor",
		Short: "Run and steer a bioreactor",
		Long: "pioactor runs one bioreactor unit as a supervised system of actors, and steers a running one.\n\n" +
			"Exit codes: 0 done, 1 failed, 2 called wrongly, 3 refused by the unit.",
		Example: `  pioactor up                                  # a simulated unit on this machine
  pioactor status
  pioactor jobs set stirring target_rpm 500`,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		// Runs once flags and arguments are in order: later errors are not usage.
		PersistentPreRun: func(*cobra.Command, []string) { g.called = true },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.configFile, "config", "", "config `file`; without one the defaults hold")
	flags.StringVar(&g.dataDir, "data-dir", "", "`folder` of the unit's state; also how its commands find it")
	flags.BoolVar(&g.json, "json", false, "print JSON: one value, or one a line where something is followed")
	flags.StringArrayVar(&g.unit, "unit", nil, "`name` of the unit that is meant, or all; repeatable")
	root.AddCommand(
		upCommand(g), simulateCommand(g), checkCommand(g), statusCommand(g), jobsCommand(g), logsCommand(g), logCommand(g),
		mqttCommand(g), runCommand(g), vialCommand(g), bottleCommand(g), alarmsCommand(g), calibrationsCommand(g), estimatorsCommand(g),
		selfTestCommand(g), identifyCommand(g), doctorCommand(g), makeSafeCommand(g), installCommand(g), versionCommand(g), completionCommand(),
	)
	return root
}
