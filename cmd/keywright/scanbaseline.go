// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A baseline is a list of keys that are known where they are. It reveals none: fingerprints are of whole keys.
type baseline struct {
	Version  int             `json:"version"`
	Findings []baselineEntry `json:"findings"`
}

type baselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Path        string `json:"path"`
	Preset      string `json:"preset"`
	Masked      string `json:"key_masked"`
}

const maxBaseline = 64 << 20

// readBaseline reads the file that the flags name. One that is to be written need not be there.
func readBaseline(f *scanFlags) (map[[2]string]bool, error) {
	if f.baseline == "" || f.writeBaseline {
		return nil, nil
	}
	info, err := os.Stat(f.baseline)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, misused("the --baseline file is not there", "write it with --write-baseline")
	case err != nil:
		return nil, misused("the --baseline file cannot be read: "+plainPathError(err), "name a file that --write-baseline wrote")
	case info.Size() > maxBaseline:
		return nil, misused("the --baseline file is longer than 64 MiB", "name a file that --write-baseline wrote")
	}
	text, err := os.ReadFile(f.baseline)
	if err != nil {
		return nil, misused("the --baseline file cannot be read: "+plainPathError(err), "name a file that --write-baseline wrote")
	}
	var b baseline
	if err := json.Unmarshal(text, &b); err != nil || b.Version != 1 {
		return nil, misused("the --baseline file is none"+jsonPlace(text, err), "name a file that --write-baseline wrote")
	}
	known := map[[2]string]bool{}
	for _, e := range b.Findings {
		known[[2]string{e.Fingerprint, e.Path}] = true
	}
	return known, nil
}

// leaveOut drops what the baseline knows: the same key in the same file. A copy of it elsewhere is new.
func (r *scan) leaveOut(known map[[2]string]bool) {
	all := len(r.found)
	r.found = slices.DeleteFunc(r.found, func(f scanned) bool { return known[[2]string{f.Fingerprint, filepath.ToSlash(f.Path)}] })
	r.known = all - len(r.found)
}

// saveBaseline writes what was found, or leaves the file as it was.
func (r *scan) saveBaseline() error {
	b := baseline{Version: 1, Findings: []baselineEntry{}}
	for i := range r.found {
		f := &r.found[i]
		e := baselineEntry{f.Fingerprint, filepath.ToSlash(f.Path), f.Preset, f.Masked}
		if !slices.Contains(b.Findings, e) {
			b.Findings = append(b.Findings, e)
		}
	}
	file, err := os.CreateTemp(filepath.Dir(r.flags.baseline), ".baseline-*")
	if err != nil {
		return unknowable("the --baseline file cannot be written: "+plainPathError(err), "", nil)
	}
	defer os.Remove(file.Name())
	err = errors.Join(writeJSON(file, b), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), r.flags.baseline)
	}
	if err != nil {
		return unknowable("the --baseline file cannot be written: "+plainPathError(err), "", nil)
	}
	r.say("%s written to %s", keysText(len(b.Findings)), r.flags.baseline)
	if len(r.problems) > 0 {
		r.say("%d could not be scanned", len(r.problems))
		return ended(3)
	}
	return nil
}
