// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/sweep"
	"github.com/keywright/keywright/leak"
)

// sort brings what all cores found into the order of paths.
func (r *scan) sort() {
	slices.SortFunc(r.found, func(a, b scanned) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Offset, b.Offset))
	})
	slices.SortFunc(r.problems, func(a, b sweep.Problem) int { return cmp.Compare(a.Path, b.Path) })
}

// report writes what was found, and a line for people.
func (r *scan) report() error {
	var err error
	switch r.flags.output {
	case asJSON:
		err = r.writeJSON(struct {
			Findings []scanned       `json:"findings"`
			Problems []sweep.Problem `json:"problems"`
			Known    int             `json:"in_baseline"`
			Inputs   int             `json:"inputs"`
			Bytes    int64           `json:"bytes"`
		}{orEmpty(r.found), orEmpty(r.problems), r.known, r.inputs, r.bytes})
	case asSARIF:
		err = r.writeJSON(r.sarif())
	case asGitHub:
		err = r.annotations()
	default:
		err = r.lines()
	}
	if err != nil {
		return err
	}
	parts := []string{keysText(len(r.found)) + " found in " + grouped(r.inputs) + " inputs, " + sizeText(r.bytes)}
	if r.known > 0 {
		parts = append(parts, keysText(r.known)+" known by the baseline")
	}
	if len(r.problems) > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be scanned", len(r.problems)))
	}
	r.say("%s", strings.Join(parts, " · "))
	return nil
}

func sizeText(n int64) string {
	switch {
	case n >= 10<<30:
		return grouped(int(n>>30)) + " GiB"
	case n >= 10<<20:
		return grouped(int(n>>20)) + " MiB"
	}
	return grouped(int((n+1023)>>10)) + " KiB"
}

// lines writes one line for each key, as compilers do, so that editors go there.
func (r *scan) lines() error {
	colour := r.colours(r.stdout)
	for i := range r.found {
		f := &r.found[i]
		state := f.State
		switch state {
		case "":
		case "active":
			state = " · " + colour.bad(state)
		default:
			state = " · " + state
		}
		if _, err := fmt.Fprintf(r.stdout, "%s:%d:%d: %s · %s%s\n", colour.heading(printable(f.Path)), f.Line, f.Column, printable(f.Masked), f.about(), state); err != nil {
			return err
		}
	}
	return nil
}

// about says what kind of key it is, and how it stood there.
func (f *scanned) about() string {
	text := f.Preset
	if f.Issuer != "" {
		text = f.Kind + " of " + f.Issuer
	}
	if f.Checksum == keywright.ChecksumOK {
		text += ", checksum ok"
	}
	if f.Encoding != leak.Plain {
		text += ", in " + f.Encoding
	}
	if f.Commit != "" {
		text += ", commit " + f.Commit[:min(12, len(f.Commit))]
	}
	return text
}

// annotations writes workflow commands of GitHub Actions, which show on the lines of a change
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func (r *scan) annotations() error {
	value := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for i := range r.found {
		f := &r.found[i]
		file, _, _ := strings.Cut(f.Path, "!")
		text := f.Masked + " · " + f.about() + ": " + f.advice()
		if _, err := fmt.Fprintf(r.stdout, "::error file=%s,line=%d,col=%d,title=API key::%s\n", property.Replace(file), f.Line, f.Column, value.Replace(text)); err != nil {
			return err
		}
	}
	for _, p := range r.problems {
		if _, err := fmt.Fprintf(r.stdout, "::warning title=Not scanned::%s\n", value.Replace(p.Path+" "+p.Problem)); err != nil {
			return err
		}
	}
	return nil
}

// advice says what to do about a key.
func (f *scanned) advice() string {
	switch {
	case f.State == "revoked" || f.State == "expired":
		return "it is " + f.State + "; take it out"
	case f.Revoke != "":
		return "revoke it (" + f.Revoke + "), then take it out"
	}
	return "revoke it, then take it out"
}
