package calibrate

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/pioactor/pioactor/actors"
	"github.com/pioactor/pioactor/hw/calibration"
)

// shelf is the files of one sort, and how one of them is read. Its methods run
// at the edge.
type shelf struct {
	files calibration.Shelf
	read  func(file string, text []byte, l *loaded) error
}

// loaded is one file, or what is wrong with it. Without a name it is none.
type loaded struct {
	at          place
	name        string
	own         string // the name the file gives itself
	text        []byte
	calibration calibration.Calibration
	estimator   calibration.Estimator
	err         error
}

func readCalibration(file string, text []byte, l *loaded) (err error) {
	if l.calibration, err = calibration.Parse(file, text); err != nil {
		return err
	}
	l.own = l.calibration.Name
	return inFile(file, l.calibration.Fits(l.at.device))
}

func readEstimator(file string, text []byte, l *loaded) (err error) {
	if l.estimator, err = calibration.ParseEstimator(file, text); err != nil {
		return err
	}
	l.own = l.estimator.Name
	return inFile(file, l.estimator.Fits(l.at.device))
}

// inFile names the file in a problem.
func inFile(file string, err error) error {
	var p *calibration.Problem
	if errors.As(err, &p) {
		p.File = file
	}
	return err
}

// load reads and checks one file.
func (s shelf) load(at place, name string) loaded {
	text, err := s.files.Read(at.device, name)
	if err != nil {
		return loaded{at: at, name: name, err: err}
	}
	return s.check(at, name, text)
}

// check reads text as the file name.
func (s shelf) check(at place, name string, text []byte) loaded {
	l := loaded{at: at, name: name, text: text}
	l.err = s.read(at.shelf+"/"+at.device+"/"+name+".yaml", text, &l)
	return l
}

// list is every file of a device, or of all where device is empty.
func (s shelf) list(name, device string) ([]loaded, error) {
	items, err := s.files.All()
	if err != nil {
		return nil, err
	}
	var all []loaded
	for _, it := range items {
		at := place{name, it.Device}
		switch {
		case device != "" && device != it.Device:
		case it.Err != nil:
			all = append(all, loaded{at: at, name: it.Name, err: it.Err})
		default:
			all = append(all, s.check(at, it.Name, it.Text))
		}
	}
	return all, nil
}

// add keeps text under its own name.
func (s shelf) add(at place, text []byte) (loaded, error) {
	l := s.check(at, "import", text)
	if l.err != nil {
		return l, refuse("invalid", "%v", l.err)
	}
	l.name = l.own
	err := s.files.Write(at.device, l.name, text)
	if errors.Is(err, fs.ErrExist) {
		return l, refuse("exists", "%s already has a file %s in %s: delete it, or change the name inside the new one", at.device, l.name, at.shelf)
	}
	if err != nil {
		return l, refuse("not_saved", "%s: %v", at.device, err)
	}
	return l, nil
}

// file is l for people.
func (l loaded) file(active bool) actors.CalibrationFile {
	f := actors.CalibrationFile{Shelf: l.at.shelf, Device: l.at.device, Name: l.name, Active: active}
	switch {
	case l.err != nil:
		f.Problem = l.err.Error()
	case l.at.shelf == actors.Estimators:
		f.Kind, f.CreatedAt, f.Unit = l.estimator.Kind, l.estimator.CreatedAt, l.estimator.Unit
		f.Domain = actors.Domain{Axis: "log10(OD)", Low: l.estimator.MinLogC, High: l.estimator.MaxLogC}
	default:
		f.Kind, f.CreatedAt, f.Unit = l.calibration.Kind, l.calibration.CreatedAt, l.calibration.Unit
		f.Domain = domainOf(l.calibration)
	}
	return f
}

// domainOf is the range of recorded x; the zero Domain without any.
func domainOf(c calibration.Calibration) actors.Domain {
	if len(c.Recorded.X) == 0 {
		return actors.Domain{}
	}
	low, high := c.Domain()
	return actors.Domain{Axis: c.X, Low: low, High: high}
}

// fact is l as what is in force: a broken file is none.
func (l loaded) fact() actors.Fact {
	name, problem := l.name, ""
	if l.err != nil {
		name, problem = "", l.err.Error()
		l.calibration, l.estimator = calibration.Calibration{}, calibration.Estimator{}
	}
	if l.at.shelf == actors.Estimators {
		return actors.EstimatorActive{Device: l.at.device, Name: name, Estimator: l.estimator, Problem: problem}
	}
	return actors.CalibrationActive{Device: l.at.device, Name: name, Calibration: l.calibration, Problem: problem}
}

func refuse(code, format string, args ...any) *actors.Refusal {
	return &actors.Refusal{Code: code, Reason: "calibrations: " + fmt.Sprintf(format, args...)}
}

// codeOf is the stable word for an error.
func codeOf(err error) string {
	if r := (*actors.Refusal)(nil); errors.As(err, &r) {
		return r.Code
	}
	return "failed"
}
