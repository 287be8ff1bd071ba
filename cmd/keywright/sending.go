// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/courier"
	"github.com/keywright/keywright/internal/server"
)

// sendingFlags say where webhooks and exports may lead.
type sendingFlags struct {
	allowHTTP bool
	networks  []string
	exports   string
}

func (f *sendingFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.allowHTTP, "webhook-allow-http", false, "let webhooks and exports go to URLs that are not encrypted")
	flags.StringSliceVar(&f.networks, "webhook-allow-network", nil, "let webhooks and exports go to addresses in `CIDR` although they are not public (repeat)")
	flags.StringVar(&f.exports, "export-folder", "", "let exports of events append to files in `FOLDER`, which exists (default: there are none)")
}

// courier returns what sends events.
func (f *sendingFlags) courier() (*courier.Courier, error) {
	o := courier.Options{Event: server.WireEvent, AllowHTTP: f.allowHTTP, Folder: f.exports}
	for _, text := range f.networks {
		n, err := netip.ParsePrefix(text)
		if err != nil || n != n.Masked() || n.Addr().Is4In6() {
			return nil, misused("--webhook-allow-network is not a network", "use CIDR with no bits beyond the mask, such as 10.0.0.0/8")
		}
		o.Networks = append(o.Networks, n)
	}
	if f.exports != "" {
		if info, err := os.Stat(f.exports); err != nil || !info.IsDir() {
			return nil, misused("--export-folder names no folder", "make it first, with mode 0700: events hold addresses and names")
		}
	}
	o.Host, _ = os.Hostname() // without it, syslog gets none
	return courier.New(o), nil
}
