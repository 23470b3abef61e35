// Package install makes pioactor a service of systemd on a Pi, and undoes it.
//
// It works in two halves. [Open] and [Installer.Plan] only look: they say file by
// file what would change, which commands would run, and what stands in the way.
// [Installer.Apply] does exactly that, each file atomically, and takes everything
// back when a step fails. What was there before is kept in a folder that only
// root can write, because [Installer.Undo] believes it.
//
// It refuses to start or restart the unit: when a culture begins is for a person
// to say. It leaves alone, and names, every file of its own that somebody has
// edited since.
//
//	in, err := install.Open(install.Options{Prefix: "/", User: "pioactor", DataDir: "/var/lib/pioactor", Program: exe}, install.Exec)
//	…
//	plan, err := in.Plan()
//	fmt.Print(plan)
//	err = in.Apply(ctx, plan)
package install
