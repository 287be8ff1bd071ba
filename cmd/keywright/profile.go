// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// localProfile is the one that a server on this machine writes for the user who starts it.
const localProfile = "local"

// A profile says how the command line reaches a server: <config-dir>/profiles/NAME.json, mode 0600.
type profile struct {
	URL        string  `json:"url"`
	ServiceKey api.Key `json:"service_key"`
	tlsFiles
}

func (s *session) profilePath(name string) (string, error) {
	folder := s.configFolder()
	switch {
	case folder == "":
		return "", misused("there is no folder for profiles: this user has no home", "name one with --config-dir")
	case name == "" || name[0] == '.' || strings.ContainsAny(name, `/\`) || len(name) > 64:
		return "", misused("this is no name of a profile", "use letters, digits and -, such as local or production")
	}
	return filepath.Join(folder, "profiles", name+".json"), nil
}

// readProfile returns a profile, or nil where there is none of that name.
func (s *session) readProfile(name string) (*profile, error) {
	path, err := s.profilePath(name)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unknowable("the profile cannot be read: "+plainPathError(err), "look at who owns the file", nil)
	}
	var p profile
	if json.Unmarshal(text, &p) != nil || p.URL == "" || p.ServiceKey.IsZero() {
		return nil, misused("the profile in "+path+" cannot be read", `it holds {"url": …, "service_key": …}; mend it, or move it away`)
	}
	return &p, nil
}

// writeProfile keeps a profile, in a folder and a file that nobody else can read. An older one of that name is kept
// aside; its path is returned.
func (s *session) writeProfile(name string, p profile) (aside string, err error) {
	path, err := s.profilePath(name)
	if err != nil {
		return "", err
	}
	if old, err := os.ReadFile(path); err == nil {
		aside = path + ".before-" + s.now().UTC().Format("20060102T150405")
		if err := writeSecretFile(aside, old, true); err != nil {
			return "", err
		}
	}
	return aside, s.replaceProfile(name, p)
}

// replaceProfile keeps a profile in the place of the one that is there.
func (s *session) replaceProfile(name string, p profile) error {
	path, err := s.profilePath(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unknowable("the folder for profiles cannot be made: "+plainPathError(err), "name another with --config-dir", nil)
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return writeSecretFile(path, append(text, '\n'), true)
}

// canWriteProfile tries whether a profile could be written, without touching one that is there.
func (s *session) canWriteProfile(name string) bool {
	path, err := s.profilePath(name)
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return false
	}
	f, err := newSecretFile(path, true)
	if err != nil {
		return false
	}
	f.discard()
	return true
}

// serviceKeyFrom reads a service key from a file that holds nothing else.
func serviceKeyFrom(path string) (keywright.Secret, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return keywright.Secret{}, misused("the service key file cannot be read: "+plainPathError(err), "name a file that holds the key and nothing else")
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, "\r\n") || len(key) > keywright.MaxKeyBytes {
		return keywright.Secret{}, misused(path+" does not hold one key", "name a file that holds the service key and nothing else")
	}
	return keywright.NewSecret(key), nil
}
