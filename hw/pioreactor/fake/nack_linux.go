package fake

import "syscall"

// errNACK is what the kernel says when nobody acknowledges.
const errNACK = syscall.EREMOTEIO
