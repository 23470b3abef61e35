package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// Installer installs into one file system, and undoes it. One at a time.
type Installer struct {
	opts Options
	tree tree
	run  Runner
	live bool // the file system is that of the running system
}

// Open begins; nothing is changed by it. Close it.
func Open(o Options, run Runner) (*Installer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.Prefix)
	if err != nil {
		return nil, fmt.Errorf("install: --prefix: %w", err)
	}
	in := &Installer{opts: o, tree: tree{root}, run: run, live: o.live()}
	if !in.tree.exists("/etc/passwd") {
		return nil, errors.Join(fmt.Errorf("--prefix: %s holds no system: there is no etc/passwd in it", o.Prefix), root.Close())
	}
	return in, nil
}

// Close lets go of the file system.
func (in *Installer) Close() error { return in.tree.Close() }

// ErrNotRoot is returned for the running system without root; call it with sudo.
var ErrNotRoot = errors.New("this changes the system: only root may; put sudo in front, or look with --dry-run")

// MayApply is ErrNotRoot if the person may not.
func (in *Installer) MayApply() error {
	if in.live && os.Geteuid() != 0 {
		return ErrNotRoot
	}
	return nil
}

// ours is a file that belongs to whoever installs: root.
func ours(text []byte, mode fs.FileMode) state {
	return state{Exists: true, Text: text, Mode: mode, UID: os.Geteuid(), GID: os.Getegid()}
}

// wish is a file as it should be. A shared one is also written by people: it is
// added to, whoever wrote it last.
type wish struct {
	path   string
	after  state
	shared bool
	binary bool
}

// wishes are all files, in the order in which they are written.
func (in *Installer) wishes(p *Plan) ([]wish, error) {
	program, err := os.ReadFile(in.opts.Program)
	if err != nil {
		return nil, fmt.Errorf("--program: %w", err)
	}
	unit, err := in.opts.service(systemdVersion(in.tree.FS())).render()
	if err != nil {
		return nil, err
	}
	rules, err := texts.ReadFile(path.Base(rulesPath))
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	boot, err := in.boot(p)
	return append([]wish{
		{path: programPath, after: ours(program, 0o755), binary: true},
		{path: rulesPath, after: ours(rules, 0o644)},
		{path: unitPath, after: ours(unit, 0o644)},
	}, boot...), err
}

// boot are the files of the boot that should change: told always, written on demand.
func (in *Installer) boot(p *Plan) ([]wish, error) {
	var all []wish
	for _, at := range bootPaths {
		now, err := in.tree.look(at)
		if err != nil {
			return nil, err
		}
		if !now.Exists {
			continue
		}
		missing, conflicts := bootNeeds(string(now.Text))
		p.Notices = append(p.Notices, conflicts...)
		if len(missing) > 0 {
			p.hint(in.opts.Boot, at, missing)
			after := now
			after.Text = []byte(withLines(string(now.Text), missing))
			if !in.tree.exists(at + backupSuffix) {
				all = append(all, wish{path: at + backupSuffix, after: now})
			}
			all = append(all, wish{path: at, after: after, shared: true})
		}
		break
	}
	loaded, err := in.loaded()
	if err != nil {
		return nil, err
	}
	if !loaded {
		p.hint(in.opts.Boot, modulesPath, []string{module})
		all = append(all, wish{path: modulesPath, after: ours([]byte(module+"\n"), 0o644)})
	}
	if !in.opts.Boot {
		return nil, nil
	}
	return all, nil
}

// loaded reports whether some list loads the module at the boot.
func (in *Installer) loaded() (bool, error) {
	names, err := fs.Glob(in.tree.FS(), "etc/modules-load.d/*.conf")
	if err != nil {
		return false, fmt.Errorf("install: %w", err)
	}
	for _, name := range append(names, "etc/modules") {
		text, err := fs.ReadFile(in.tree.FS(), name) // a link among them is usual
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("install: %w", err)
		}
		if loadsModule(string(text)) {
			return true, nil
		}
	}
	return false, nil
}
