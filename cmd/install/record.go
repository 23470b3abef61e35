package install

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
)

// recordDir keeps what was there before. It is not the service's folder: root
// believes the record when it undoes, so nobody else may write it.
const (
	recordDir  = "/var/lib/pioactor-install"
	recordPath = recordDir + "/record.json"
	beforeDir  = recordDir + "/before" // texts by checksum
)

// record is what was done, and what was there before. It is on disk before the
// first change, so that an installation that a power cut ended can be undone.
type record struct {
	DataDir string   `json:"data_dir"` // its owner, the user, stays while it exists
	Files   []entry  `json:"files"`
	Dirs    []string `json:"dirs"` // folders that were made, the outermost first
	Tasks   []task   `json:"tasks"`
}

// entry is one file.
type entry struct {
	Path   string      `json:"path"`
	After  string      `json:"after"`  // checksum of what was installed
	Before string      `json:"before"` // checksum of what was there; "" for nothing
	Mode   fs.FileMode `json:"mode"`   // of what was there
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
}

func (r record) entry(p string) (entry, bool) {
	i := slices.IndexFunc(r.Files, func(e entry) bool { return e.Path == p })
	if i < 0 {
		return entry{}, false
	}
	return r.Files[i], true
}

// noted is r with a plan that is about to be carried out. What was there before
// the first installation stays what an undo goes back to, unless somebody else
// has written the file since.
func (r record) noted(p Plan, dataDir string) record {
	next := record{DataDir: dataDir, Files: slices.Clone(r.Files), Dirs: slices.Clone(r.Dirs), Tasks: slices.Clone(r.Tasks)}
	for _, c := range p.Files {
		e := entry{c.Path, c.after.sum(), c.before.sum(), c.before.Mode, c.before.UID, c.before.GID}
		i := slices.IndexFunc(next.Files, func(e entry) bool { return e.Path == c.Path })
		switch {
		case i < 0:
			next.Files = append(next.Files, e)
		case next.Files[i].After == c.before.sum():
			next.Files[i].After = e.After
		default:
			next.Files[i] = e
		}
	}
	for _, d := range p.dirs {
		if !slices.Contains(next.Dirs, d) {
			next.Dirs = append(next.Dirs, d)
		}
	}
	for _, t := range p.tasks {
		if !slices.Contains(next.Tasks, t) {
			next.Tasks = append(next.Tasks, t)
		}
	}
	return next
}

// record reads the record; none is an empty one.
func (in *Installer) record() (r record, found bool, err error) {
	s, err := in.tree.look(recordPath)
	if err != nil || !s.Exists {
		return record{}, false, err
	}
	if err := json.Unmarshal(s.Text, &r); err != nil {
		return record{}, false, fmt.Errorf("install: %s: %w; undo by hand what it tells of, and remove it", recordPath, err)
	}
	return r, true, nil
}

// keep writes the record.
func (in *Installer) keep(r record) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return in.tree.put(recordPath, ours(text, 0o644))
}
