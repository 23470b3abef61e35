package cmd

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/pioactor/pioactor/bridge/web"
)

// release is set by the linker for a released binary:
// -X github.com/pioactor/pioactor/cmd.release=v1.2.3
var release string

// version says which pioactor this binary holds: the release, the module's
// version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if release != "" || !ok {
		return valueOr(release, "unknown")
	}
	return versionOf(info)
}

const modulePath = "github.com/pioactor/pioactor"

func versionOf(info *debug.BuildInfo) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == modulePath && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	name := "devel"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && info.Main.Path == modulePath {
			name += "-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return name
}

// versions are this binary's, and the running node's if there is one.
type versions struct {
	web.Version
	Node *web.Version `json:"node"`
}

func versionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The version of this program, and of the node that runs",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			v := versions{Version: web.Version{Version: version(), Go: runtime.Version()}}
			text := fmt.Sprintf("pioactor %s (%s)", v.Version.Version, v.Go)
			node, err := g.connect(c.Context())
			switch {
			case errors.Is(err, web.ErrNoNode):
				return g.printer(c).show(v, text)
			case err != nil:
				return err
			}
			defer node.Close()
			running, err := node.Version(c.Context())
			if err != nil {
				return err
			}
			v.Node = &running
			return g.printer(c).show(v, text+fmt.Sprintf("\nrunning  %s (%s)", running.Version, running.Go))
		},
	}
}

func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "Print what completes commands in your shell",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"bash", "zsh", "fish"},
		Example: `  source <(pioactor completion bash)
  pioactor completion fish > ~/.config/fish/completions/pioactor.fish`,
		RunE: func(c *cobra.Command, args []string) error {
			switch root, out := c.Root(), c.OutOrStdout(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			default:
				return root.GenFishCompletion(out, true)
			}
		},
	}
}
