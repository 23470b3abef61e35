package monitor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
)

// network is how this computer is reached. What there is not is notAvailable.
type network struct{ ipv4, wlanMAC, ethMAC string }

const notAvailable = "Not available" // as Pioreactor 26.7.2 says it

// netFolder holds one folder an interface.
const netFolder = "sys/class/net"

// readMACs finds the hardware addresses of wireless and wired interfaces.
// Several of a kind are joined by commas. A virtual one has no device.
func readMACs(root fs.FS) (n network, err error) {
	entries, err := fs.ReadDir(root, netFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return network{notAvailable, notAvailable, notAvailable}, nil
	}
	var wlan, eth []string
	for _, e := range entries {
		at := netFolder + "/" + e.Name()
		address := optional(root, at+"/address", &err, func(text string) (string, error) { return strings.TrimSpace(text), nil })
		switch {
		case address == "" || !exists(root, at+"/device"):
		case exists(root, at+"/wireless") || exists(root, at+"/phy80211"):
			wlan = append(wlan, address)
		default:
			eth = append(eth, address)
		}
	}
	return network{notAvailable, joined(wlan), joined(eth)}, err
}

func exists(root fs.FS, name string) bool {
	_, err := fs.Stat(root, name)
	return err == nil
}

// readIPv4 lists the addresses by which others reach this computer.
func readIPv4() (string, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return notAvailable, fmt.Errorf("monitor: addresses: %w", err)
	}
	var found []string
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			found = append(found, n.IP.String())
		}
	}
	return joined(found), nil
}

func joined(addresses []string) string {
	if len(addresses) == 0 {
		return notAvailable
	}
	return strings.Join(addresses, ",")
}

// sync says whether somebody keeps the clock right.
type sync int

const (
	unknown  sync = iota // no file tells
	drifting             // not since the boot
	synced
)

// Where systemd-timesyncd, which a Raspberry Pi has, says that it has set the clock.
const (
	timesyncFolder = "run/systemd/timesync"
	timesyncFile   = timesyncFolder + "/synchronized"
)

func readSync(root fs.FS) sync {
	switch {
	case exists(root, timesyncFile):
		return synced
	case exists(root, timesyncFolder):
		return drifting
	}
	return unknown
}
