//go:build !linux

package fake

import "syscall"

// errNACK is what a kernel says when nobody acknowledges.
const errNACK = syscall.ENXIO
