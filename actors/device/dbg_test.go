package device
import ("testing";"fmt";"os";"strconv";"github.com/pioactor/pioactor/actors")
func TestDbg(t *testing.T) {
	s, err := strconv.Atoi(os.Getenv("SEED")); if err != nil { t.Skip() }
	r := quietRig(t, uint64(s))
	r.sys.Watch(func(f actors.Fact) {
		switch f := f.(type) {
		case actors.Dosed, actors.DoseRefused, actors.DoseStarted, actors.OwnerGone, actors.DosingEvent, actors.Log: fmt.Printf("%v %T %+v\n", f.About().Mono, f, f)
		case actors.Vial: fmt.Printf("%v VIAL %.4f owed %.4f real %.4f\n", f.Mono, f.VolumeML, f.OwedWasteML, r.board.volumeML)
		case actors.Alarm: fmt.Printf("%v ALARM %v %v %s\n", f.Mono, f.Name, f.Active, f.Text)
		}
	})
	r.board.wrote = func(n string, p float64) { if n[0]=='p' {fmt.Println(r.clk.Mono(), "WRITE", n, p, "real", r.board.volumeML)}; r.check.wrote(n,p) }
	fmt.Println(campaign(r, uint64(s), 18, s%3 != 0))
}
