package describe

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pioactor/pioactor/hw/pioreactor/machine"
)

// Options are what Look goes by.
type Options struct {
	Config
	Model, ModelVersion string // the vial's holder: [unit] model and model_version
	// Heater is the PWM channel that [pwm] gives the heater; 0 is not compared
	// with what the files say.
	Heater int
	// Dirs are where Pioreactor may keep hardware files; the first that is there
	// counts. See [PioreactorDirs].
	Dirs []string
	User User
	// Bus is asked who is on it. Default: Look opens the computer's bus for as
	// long as it looks; then nobody else should use it.
	Bus Prober
	// Unasked says why the bus and the lines are left alone, such as "a node is
	// running"; empty: they are not.
	Unasked string
}

// ErrNoHAT means that no Pioreactor HAT was found: put one on, say its version
// as hat_version in [pioreactor] if it is on, or simulate.
var ErrNoHAT = errors.New(`no Pioreactor HAT was found; if one is on, set hat_version in [pioreactor], else hardware = "sim" in [unit]`)

// ErrNoVersion means that a HAT is on and does not say which: a person must, as
// hat_version in [pioreactor].
var ErrNoVersion = errors.New("the HAT does not say its version; set hat_version in [pioreactor]")

// Look finds out what is soldered where. The findings are complete as far as
// one could look, also with an error, which says why there is no description:
// ErrNoHAT, ErrNoVersion, or what is wrong with a hardware file. With
// Findings.Err() == nil besides, and nothing left Unasked, the board can be
// driven. Look drives nothing; it asks who answers at the addresses that a
// Pioreactor uses, and nobody else, and asks for the lines of button and hall
// sensor for a moment.
func Look(m machine.Machine, o Options) (Description, Findings, error) {
	l := &look{m: m, o: o}
	d, err := l.look()
	return d, l.found, err
}

// look gathers findings.
type look struct {
	m        machine.Machine
	o        Options
	found    Findings
	roll     *roll
	hatThere bool
}

func (l *look) look() (Description, error) {
	id := identify(l.m.Root())
	l.hatThere = Fitted(l.m.Root(), l.o.Config)
	model, kernel := l.computer()
	closeBus := l.openBus(1) // every Pioreactor HAT is on bus 1
	d, err := l.board(id, model)
	d.Computer, d.Kernel = model, kernel
	l.busTrouble()
	if err := closeBus(); err != nil {
		l.found.warn("I2C bus", err.Error(), "closes", "look again")
	}
	return d, err
}

// board describes the board behind id, and looks whether all of it is there.
func (l *look) board(id identity, model string) (Description, error) {
	dir, err := l.folder()
	if err != nil {
		return Description{}, err
	}
	hat, err := l.hat(id, model, dir)
	if err != nil {
		return Description{}, err
	}
	mods, used, err := read(dir, hat, l.o.Model, l.o.ModelVersion)
	if err != nil {
		return Description{}, l.broken(err)
	}
	d, r, err := decode(mods, dir, hat)
	if err != nil {
		return Description{}, l.broken(err)
	}
	d.Serial, d.Model, d.ModelVer = clip(id.serial), l.o.Model, l.o.ModelVersion
	l.files(dir, used)
	l.found = append(l.found, r.notes...)
	l.heater(r)
	l.optics(&d, r)
	l.collisions(d, r)
	l.callChips(d)
	l.pwm(d)
	l.lines(d)
	l.groups()
	return d, nil
}

// broken makes a finding of each problem in the files.
func (l *look) broken(err error) error {
	for _, one := range apart(err) {
		what, do := one.Error(), "mend the file"
		if before, after, ok := strings.Cut(what, "; "); ok {
			what, do = before, after
		}
		l.found.bad("hardware files", what, "files that keep the rules", do)
	}
	return err
}

func apart(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

func (l *look) files(dir string, used []string) {
	found := "built in"
	if dir != "" {
		found += ", and nothing of this board in " + dir
	}
	if len(used) > 0 {
		found = "built in, and from " + dir + ": " + strings.Join(used, ", ")
	}
	l.found.ok("hardware files", found, "files that keep the rules")
}

// heater compares what the files and [pwm] say of the heater.
func (l *look) heater(r *reader) {
	if files := r.heater; files != 0 && l.o.Heater != 0 && files != l.o.Heater {
		l.found.bad("heater's PWM channel", fmt.Sprintf("%d in the hardware files, %d in [pwm]", files, l.o.Heater), "the same in both",
			fmt.Sprintf("if the files are right, set %d = \"heating\" in [pwm]", files))
	}
}

// hat is the version of the HAT, and what was found of its EEPROM.
func (l *look) hat(id identity, model, dir string) (string, error) {
	const what = "HAT"
	const expected = "a Pioreactor HAT that says its version"
	known := versions(dir)
	version, found := l.o.HATVersion, ""
	switch {
	case version != "" && id.ours() && id.version != "" && id.version != version:
		l.found.warn(what, "its EEPROM says "+id.version+", hat_version in [pioreactor] says "+version, expected, "take hat_version out unless you know better than the EEPROM")
	case version != "":
		found = version + ", from hat_version in [pioreactor]"
	case !l.hatThere:
		return "", l.noHAT(id, model, what, expected)
	case id.version == "" || !id.ours():
		return "", l.noVersion(id, what, expected)
	default:
		version, found = id.version, id.version+", serial "+clip(id.serial)
	}
	if !slices.Contains(known, version) {
		l.found.bad(what, version, "one of "+strings.Join(known, ", "),
			"write the files of this HAT into hats/"+version+" below hardware_dir, or set hat_version to the known one that it resembles")
		return "", fmt.Errorf("HAT %s is not known; there are %s", version, strings.Join(known, ", "))
	}
	if found != "" {
		l.found.ok(what, found, expected)
	}
	return version, nil
}

// noHAT tells that there is none, unless its chips answer all the same.
func (l *look) noHAT(id identity, model, what, expected string) error {
	found := "no EEPROM in " + hatDir
	if id.there {
		found = "the HAT of another maker: " + clip(id.vendor)
	}
	var there []uint16
	if isPi(model) {
		there = l.roll.answering(pico, 0x49, 0x4F)
	}
	if len(there) > 0 && !id.there {
		l.found.bad(what, found+", but somebody answers at "+hexes(there), expected, worn+"; "+sayVersion(there))
		return ErrNoHAT
	}
	l.found.warn(what, found, expected, "if a Pioreactor HAT is on: cut the power and push it firmly onto all 40 pins; if it stays so, set hat_version in [pioreactor]")
	return ErrNoHAT
}

const hatDir = "/proc/device-tree/hat"

const worn = "a cable between HAT and computer can degrade the lines of the EEPROM: put the HAT right onto the pins"

// noVersion tells that a person must say the version, and helps.
func (l *look) noVersion(id identity, what, expected string) error {
	found := "its EEPROM does not say the version"
	switch {
	case !id.ours():
		found = "an EEPROM that cannot be read: maker " + quoted(id.vendor) + ", product " + quoted(id.product)
	case id.raw != "":
		found = "its EEPROM says " + quoted(id.raw) + " for the version"
	}
	l.found.bad(what, found, expected, worn+"; or "+sayVersion(l.roll.answering(pico, 0x49)))
	return ErrNoVersion
}

func quoted(s string) string { return fmt.Sprintf("%.60q", s) }

// sayVersion tells which versions may be meant, from who answers.
func sayVersion(there []uint16) string {
	say := `set hat_version in [pioreactor] to what is printed on the HAT`
	for _, a := range there {
		switch a {
		case pico:
			return say + ": the RP2040 answers, so it is 1.1 or 1.2"
		case 0x49:
			say += ": a chip at 0x49 answers and no RP2040, so it may be 1.0"
		}
	}
	return say
}
