package describe

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// What is built in, as files of Pioreactor's own form. Sources: Pioreactor
// 26.7.2 and its CustoPiZer image.
//
//go:embed builtin
var builtin embed.FS

// mods are the files that are read; others are left alone.
var mods = []string{"pwm", "adc", "dac", "temp", "gpio"}

// layer is a folder with hats/ and models/.
type layer struct {
	files fs.FS
	name  string // for people
}

// inside names what is built in.
const inside = "built-in"

// layers are what is built in, and dir over it unless it is "".
func layers(dir string) []layer {
	within, err := fs.Sub(builtin, "builtin")
	if err != nil {
		panic(err) // the name is a constant
	}
	all := []layer{{within, inside}}
	if dir != "" {
		all = append(all, layer{os.DirFS(dir), dir})
	}
	return all
}

// read lays the files of a HAT and a model upon each other, and tells which of
// dir's were used. A model's files win over a HAT's, as for Pioreactor; of the
// same, dir's win over what is built in.
func read(dir, hat, model, version string) (map[string]*value, []string, error) {
	all := map[string]*value{}
	var used []string
	var errs []error
	for _, below := range []string{path.Join("hats", hat), path.Join("models", model, version)} {
		for _, l := range layers(dir) {
			for _, mod := range mods {
				file := path.Join(below, mod+".yaml")
				v, err := readTree(l.files, file, filepath.Join(l.name, filepath.FromSlash(file)))
				errs = append(errs, err)
				all[mod] = merged(all[mod], v)
				if v != nil && l.name == dir {
					used = append(used, file)
				}
			}
		}
	}
	return all, used, errors.Join(errs...)
}

// versions are the HATs that dir and what is built in describe.
func versions(dir string) []string {
	var all []string
	for _, l := range layers(dir) {
		entries, err := fs.ReadDir(l.files, "hats")
		if err != nil {
			continue // a folder of models alone; what cannot be read is told by read
		}
		for _, e := range entries {
			if e.IsDir() && versionForm.MatchString(e.Name()) {
				all = append(all, e.Name())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
