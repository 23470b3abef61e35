// Package cmd is the program: it puts the rooms of the house together by one
// config file, runs a unit, and talks to a running one from the command line.
// A binary of your own is pioactor plus what you register:
//
//	import (
//		"github.com/pioactor/pioactor/cmd"
//		_ "github.com/pioactor/pioactor/cmd/standard" // stock hardware and automations
//	)
//
//	func main() { cmd.Main() }
//
// It refuses to hold any behaviour of a culture: what a job does is decided in
// the job, and the command line only asks, through the unit's unix socket,
// which no other user can open.
//
// Every command takes --json and ends with 0 when it is done, 1 when it failed,
// 2 when it was called wrongly, 3 when the unit refused.
package cmd
