// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

const programFolder = "keywright"

// configFolder is where profiles are kept, or nothing where the user has no home.
func (s *session) configFolder() string {
	switch {
	case s.configDir != "":
		return s.configDir
	case s.env["XDG_CONFIG_HOME"] != "":
		return filepath.Join(s.env["XDG_CONFIG_HOME"], programFolder)
	}
	return s.inHome(".config", programFolder)
}

// dataFolder is where a server keeps its store if it is not told otherwise: the folder that systemd gives it, the
// user's own, or that of services for root.
func (s *session) dataFolder() string {
	switch {
	case s.env["STATE_DIRECTORY"] != "":
		return s.env["STATE_DIRECTORY"]
	case s.env["XDG_DATA_HOME"] != "":
		return filepath.Join(s.env["XDG_DATA_HOME"], programFolder)
	case os.Geteuid() == 0:
		return filepath.Join("/var/lib", programFolder)
	}
	return s.inHome(".local", "share", programFolder)
}

// dataPath returns the folder that was named, or the one where the store is by itself.
func (s *session) dataPath(named string) (string, error) {
	if named == "" {
		named = s.dataFolder()
	}
	if named == "" {
		return "", misused("there is no folder for the store: this user has no home", "name one with --data")
	}
	return filepath.Abs(named)
}

// databaseIn is the file of the store in a folder.
func databaseIn(dir string) string { return filepath.Join(dir, "keywright.db") }

func addDataFlag(flags *pflag.FlagSet, data *string) {
	flags.StringVar(data, "data", "", "keep the store in `FOLDER` (default $XDG_DATA_HOME/keywright or ~/.local/share/keywright; for root /var/lib/keywright)")
}

func (s *session) inHome(below ...string) string {
	home := s.env["HOME"]
	if home == "" {
		home = s.env["USERPROFILE"]
	}
	if home == "" {
		return ""
	}
	return filepath.Join(append([]string{home}, below...)...)
}
