package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// files are those of the computer that this program runs on.
type files struct{}

// Root is "/".
func (files) Root() string { return "/" }

// WriteFile writes data, in one write, to a file that is there. It does not cut
// the file first: to the kernel's files that means nothing.
func (f files) WriteFile(name string, data []byte) error {
	file, err := os.OpenFile(filepath.Join(f.Root(), name), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("machine: %w", err)
	}
	if _, err := file.Write(data); err != nil {
		return errors.Join(fmt.Errorf("machine: %w", err), file.Close())
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("machine: %w", err)
	}
	return nil
}
