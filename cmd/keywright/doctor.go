// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright/api"
)

// The outcomes of a check.
const (
	healthy = "ok"
	doubted = "warn"
	failing = "fail"
)

// A finding is what one check of the doctor found.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, warn or fail
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"` // what to do
}

var findingColumns = []column[finding]{
	{"check", func(f finding) string { return f.Check }},
	{"state", func(f finding) string { return f.State }},
	{"found", func(f finding) string { return f.Found }},
	{"mend", func(f finding) string { return f.Mend }},
}

type doctorFlags struct {
	serverFlags
	data     string
	database string
	output   string
	tlsCert  string
}

// A doctor looks at what the other commands rest on.
type doctor struct {
	s        *session
	flags    *doctorFlags
	findings []finding
}

func (s *session) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong, and say how to mend it",
		Long: `Look at settings, profile, store, clock, certificate and server, and say what is wrong and how to mend it.

The exit code is 1 where something fails. Warnings alone are no failure.`,
		Example: `  keywright doctor
  keywright doctor --data /var/lib/keywright
  keywright doctor --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := doctor{s: s, flags: &f}
			d.settings(cmd)
			d.clock()
			d.profile()
			d.store(cmd.Context())
			d.certificateFile()
			d.server(cmd.Context())
			return d.report()
		},
	}
	addDataFlag(cmd.Flags(), &f.data)
	addDatabaseFlag(cmd.Flags(), &f.database)
	cmd.Flags().StringVar(&f.tlsCert, "tls-cert", "", "look when the certificate in `FILE` (PEM) ends")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (d *doctor) ok(check, format string, args ...any) {
	d.findings = append(d.findings, finding{check, healthy, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) warn(check, mend, format string, args ...any) {
	d.findings = append(d.findings, finding{check, doubted, fmt.Sprintf(format, args...), mend})
}

func (d *doctor) fail(check, mend, format string, args ...any) {
	d.findings = append(d.findings, finding{check, failing, fmt.Sprintf(format, args...), mend})
}

// failed takes what a command would have said.
func (d *doctor) failed(check string, err error) {
	f := asFailure(err)
	d.fail(check, f.hint, "%s", f.Error())
}

// settings looks for variables that no command reads: a mistyped one is silent otherwise.
func (d *doctor) settings(cmd *cobra.Command) {
	known := map[string]bool{"KEYWRIGHT_SERVICE_KEY": true, databaseVariable: true, redisVariable: true}
	var names []string
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		take := func(f *pflag.Flag) { known[envName(f.Name)] = true }
		c.Flags().VisitAll(take)
		c.PersistentFlags().VisitAll(take)
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(cmd.Root())
	for name := range known {
		names = append(names, name)
	}
	var strange []string
	for name := range d.s.env {
		if strings.HasPrefix(name, "KEYWRIGHT_") && !known[name] {
			strange = append(strange, name)
		}
	}
	slices.Sort(strange)
	for _, name := range strange {
		d.warn("settings", nearestHint(name, names, ""), "no command reads the variable %s", shown(name))
	}
	if d.s.configFile != "" {
		d.ok("settings", "%s can be read", d.s.configFile)
	} else if len(strange) == 0 {
		d.ok("settings", "from flags and variables")
	}
}

// clock looks whether the time can be right: keys end by it.
func (d *doctor) clock() {
	now := d.s.now().UTC()
	if now.Year() < 2026 || now.Year() > 2100 {
		d.fail("clock", "set the clock, and let NTP keep it", "it says %s", now.Format(time.RFC3339))
		return
	}
	d.ok("clock", "%s", now.Format(time.RFC3339))
}

// server looks whether the server is there, can judge, and takes the service key.
func (d *doctor) server(ctx context.Context) {
	to, err := d.s.destination(&d.flags.serverFlags)
	if err != nil {
		f := asFailure(err)
		d.warn("server", f.hint, "%s", f.Error())
		return
	}
	c, err := d.s.clientOf(to)
	if err != nil {
		d.failed("server", err)
		return
	}
	if readable(to.url) {
		d.warn("server", "use https", "keys travel unencrypted to %s", c.URL())
	}
	d.serverCertificate(ctx, to.url)
	if err := c.Ready(ctx); err != nil {
		d.failed("server", fromServer(err))
		return
	}
	d.ok("server", "%s is ready", c.URL())
	if err := tryKey(ctx, c); err != nil {
		d.failed("service key", fromServer(err))
		return
	}
	d.ok("service key", "valid, from %s", to.from)
}

func (d *doctor) report() error {
	if d.flags.output != asText {
		rows := newRows(d.s.stdout, d.flags.output, findingColumns)
		for _, f := range d.findings {
			if err := rows.add(f); err != nil {
				return err
			}
		}
		if err := rows.end(); err != nil {
			return err
		}
		return ended(d.exit())
	}
	colour := d.s.colours(d.s.stdout)
	paint := map[string]func(string) string{healthy: colour.good, doubted: colour.careful, failing: colour.bad}
	for _, f := range d.findings {
		_, err := fmt.Fprintf(d.s.stdout, "%s  %-11s  %s\n", paint[f.State](fmt.Sprintf("%-4s", f.State)), f.Check, printable(f.Found))
		if err == nil && f.Mend != "" {
			_, err = fmt.Fprintf(d.s.stdout, "%19s%s %s\n", "", colour.dim("mend:"), printable(f.Mend))
		}
		if err != nil {
			return err
		}
	}
	return ended(d.exit())
}

func (d *doctor) exit() int {
	if slices.ContainsFunc(d.findings, func(f finding) bool { return f.State == failing }) {
		return api.ExitRefused
	}
	return api.ExitDone
}
