package fake_test

import (
	"fmt"
	"os"

	"github.com/pioactor/pioactor/hw/pioreactor/fake"
)

// A process drives an LED and goes away; the LED stays on, and any other
// process sees it.
func ExampleJudge() {
	dir, err := os.MkdirTemp("", "fake-hat")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	m, err := fake.Make(dir, fake.Setup{HAT: "1.2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	bus, err := m.I2C(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bus.Tx(0x2C, []byte{0, 204}, nil), bus.Close(), m.Close())

	outputs, err := fake.Judge(dir)
	for _, o := range outputs {
		if o.Percent > 0 {
			fmt.Println(o.Name, o.Percent)
		}
	}
	fmt.Println(err)
	// Output:
	// <nil> <nil> <nil>
	// LED A 80
	// <nil>
}
