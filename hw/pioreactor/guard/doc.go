// Package guard makes a unit's outputs safe when the process that drives them
// dies or hangs: sysfs PWM and the LED drivers go on by themselves otherwise,
// and a pump would empty its bottle.
//
// The guard is a small child of the same binary. [Start] starts it, in a session
// of its own, before any output can move, and waits until it is armed. From then
// on it watches the only pipe there is to it:
//
//	orders   one line of JSON, first: what the guard has to know of the outputs
//	'.'      a beat; the first arms it
//	's'      outputs are safe, the parent tidies up and beats no more: 10 s
//	'q'      goodbye: the guard leaves without doing anything
//	EOF      without goodbye: the parent is dead; make safe at once
//	silence  5 s without a beat: kill the parent, then make safe
//
// It refuses to act while its parent lives: it holds a descriptor of the parent
// itself (pidfd, Linux 5.3), kills by that, and sees the parent dead before it
// touches anything. It refuses to die of what ends its parent: Ctrl-C, a
// terminal that closes, SIGTERM to a whole group. It refuses to hold time
// against its parent in which it did not run itself, as on a machine that stood
// still.
//
// A parent that is stopped (Ctrl-Z, a debugger) hangs as any other does, and is
// killed.
//
//	g, err := guard.Start(guard.Options{Args: []string{"guard"}, Orders: description})
//	…                 // outputs may move
//	err = g.Beat()    // every second, from whoever must not hang
//	g.Leaving()       // outputs are safe
//	err = g.Goodbye()
//
// In the child, main calls [Serve] and exits with what it returns.
package guard
