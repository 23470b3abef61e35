//go:build linux

package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/host/v3/sysfs"
)

// Linux is the computer that this program runs on. It touches nothing until it
// is asked, and it needs no root: only the groups that own the device files.
// periph's host.Init is never called: run as root it maps registers of other
// Pis on a Pi 5.
func Linux() Machine { return &computer{} }

type computer struct {
	steady
	files
}

// I2C opens /dev/i2c-<number>.
func (*computer) I2C(number int) (i2c.BusCloser, error) {
	path := fmt.Sprintf("/dev/i2c-%d", number)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("machine: open I2C bus %d: %w%s", number, err, busAdvice(err))
	}
	data, err := sysfs.NewI2C(number)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("machine: open I2C bus %d: %w", number, err), f.Close())
	}
	return &bus{I2C: data, path: path, f: f}, nil
}

func busAdvice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "; add dtparam=i2c_arm=on to /boot/firmware/config.txt, i2c-dev to /etc/modules, and restart the computer"
	case errors.Is(err, fs.ErrPermission):
		return "; add this user to the group i2c (sudo usermod -aG i2c $USER) and log in again"
	}
	return ""
}

// bus is periph's, with the one transaction that it leaves out: to it an empty
// write is nothing to do, to a bus it is the question whether somebody is there.
type bus struct {
	*sysfs.I2C
	path  string
	f     *os.File
	close sync.Once
}

// Tx writes w, then reads r, in one transaction. With both empty it addresses
// the chip and returns nil if it acknowledges.
func (b *bus) Tx(addr uint16, w, r []byte) error {
	if len(w) > 0 || len(r) > 0 {
		return b.I2C.Tx(addr, w, r)
	}
	err := b.address(addr)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.EINVAL) {
		var one [1]byte // a controller without empty transactions: reading a byte asks the same
		return b.I2C.Tx(addr, nil, one[:])
	}
	return err
}

// message is the kernel's struct i2c_msg, messages its struct
// i2c_rdwr_ioctl_data (linux/i2c.h, linux/i2c-dev.h).
type message struct {
	addr, _, _ uint16 // then flags and length: a write, of nothing
	buf        unsafe.Pointer
}

type messages struct {
	first *message
	n     uint32
}

const i2cRdwr = 0x707 // I2C_RDWR of linux/i2c-dev.h

// address sends one empty write.
func (b *bus) address(addr uint16) error {
	var spare byte // the kernel wants a pointer that it could read from
	m := &message{addr: addr, buf: unsafe.Pointer(&spare)}
	all := messages{first: m, n: 1}
	raw, err := b.f.SyscallConn()
	if err != nil {
		return fmt.Errorf("machine: %s: %w", b.path, err)
	}
	var code syscall.Errno
	if err := raw.Control(func(fd uintptr) {
		_, _, code = unix.Syscall(unix.SYS_IOCTL, fd, i2cRdwr, uintptr(unsafe.Pointer(&all)))
	}); err != nil {
		return fmt.Errorf("machine: %s: %w", b.path, err)
	}
	if code != 0 {
		return fmt.Errorf("machine: %s: address 0x%02x: %w", b.path, addr, code)
	}
	return nil
}

// Close lets go of the bus; a second time does nothing.
func (b *bus) Close() error {
	var err error
	b.close.Do(func() { err = errors.Join(b.I2C.Close(), b.f.Close()) })
	return err
}

var _ Machine = (*computer)(nil)
