package monitor

import "syscall"

// diskFree is what is left for us on the file system of a folder; blocks kept
// for root do not count.
func diskFree(folder string) (gb, percent float64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	free := float64(s.Bavail) * float64(s.Bsize)
	usable := float64(s.Blocks-s.Bfree)*float64(s.Bsize) + free
	if usable <= 0 {
		return 0, 0, syscall.ENOTSUP // a file system without blocks, such as /proc
	}
	return free / 1e9, 100 * free / usable, nil
}
