package line_test

import (
	"fmt"
	"time"

	"github.com/pioactor/pioactor/hw/pioreactor/line"
)

// The stirrer hangs on GPIO17, which only software can pulse.
func ExampleSoftPWM() {
	m := deskAt("") // on a Pi: machine.Linux()
	lines, _ := m.Lines()
	stirrer, err := line.NewSoftPWM(m, lines, 17, 200)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stirrer.Set(30))
	m.Sleep(time.Second)
	fmt.Println(stirrer.Set(130))
	fmt.Println(stirrer.Close())
	fmt.Println("high for", m.pins[17].onTime(0, m.Now()))
	// Output:
	// <nil>
	// line: PWM on GPIO17: 130 %: want 0 to 100 %; the output stays as it is
	// <nil>
	// high for 300ms
}

// A magnet passes the hall sensor ten times a second.
func ExampleTachometer() {
	m := deskAt("")
	lines, _ := m.Lines()
	tachometer, err := line.NewTachometer(m, lines, 21)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.pins[21].move(false)
	before, _ := tachometer.Edges()
	for range 20 {
		m.Sleep(100 * time.Millisecond)
		m.pins[21].move(false)
	}
	after, _ := tachometer.Edges()
	fmt.Println(after.RPM(before), "rpm")
	// Output: 600 rpm
}

func ExampleButton() {
	m := deskAt("")
	lines, _ := m.Lines()
	button, err := line.NewButton(m, lines, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.pins[4].move(true)
	m.Sleep(time.Second)
	m.pins[4].move(false)
	m.Sleep(time.Second)
	fmt.Println(button.Presses())
	// Output: {false 1} <nil>
}

func ExampleOpenSysfsPWM() {
	m := deskAt("testdata") // a machine without the overlay
	_, err := line.OpenSysfsPWM(m, 0, 250)
	fmt.Println(err)
	// Output: line: no PWM chip for GPIO12 and GPIO13 in /sys/class/pwm (it is empty); add dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4 to /boot/firmware/config.txt and restart the computer
}

func ExampleUnderVoltage() {
	sagging, known := line.UnderVoltage(deskAt("testdata"))
	fmt.Println(sagging, known)
	// Output: false false
}

func ExampleLight() {
	m := deskAt("")
	lines, _ := m.Lines()
	light, err := line.NewLight(lines, 23)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(light.Set(1), m.pins[23].high)
	fmt.Println(light.Halt(), m.pins[23].high)
	// Output:
	// <nil> true
	// <nil> false
}
