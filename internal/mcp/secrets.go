// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// A destination says where a new key goes. A transcript is read by many and kept for long, so there is no default.
type destination struct {
	ToFile string `json:"to_file,omitempty" doc:"Write the key to this new file of mode 0600, absolute or relative to the working directory of this server. The result names the file and shows no key: use this."`
	Reveal bool   `json:"reveal,omitempty" doc:"Show the key in the result, where it becomes part of the transcript. Only if a person wants it there."`
}

func (d *destination) usesFiles() string {
	if d.ToFile != "" {
		return "to_file"
	}
	return ""
}

// Kept tells where the key went.
type kept struct {
	Key  api.Key `json:"key,omitzero" doc:"Shown once, and only with reveal. Treat it as a secret: do not repeat it."`
	File string  `json:"file,omitempty" doc:"The file of mode 0600 that holds the key, alone."`

	Link     string    `json:"link,omitempty" doc:"Shows the key once to whoever opens it in a browser and presses the button. Give it to the person or program that needs the key, and do not open it yourself: what you open is in the transcript."`
	LinkEnds time.Time `json:"link_ends_at,omitzero" doc:"When the link ends, if nobody has used it; the key must then be rotated."`
}

// check refuses a destination that is none, before anything is done.
func (d *destination) check(c *call) error {
	switch {
	case d.Reveal && d.ToFile != "":
		return invalid("reveal", "stands beside to_file", "give one of them")
	case d.Reveal || d.ToFile != "":
		return nil
	case c.links != nil:
		return c.links.Room()
	case c.files:
		return invalid("", "it is not said where the key goes", "give to_file, which keeps it out of the transcript, or reveal: true")
	}
	return invalid("", "the key would be lost: it is not said that it may be shown", "give reveal: true, which makes it part of the transcript")
}

// hand makes keys and hands them on: to the file, or back to be shown. It returns the name of the file. What may not be
// shown is not returned. Made is the id of what would have to be revoked if the keys could not be kept.
func (d *destination) hand(act func() (keys []keywright.Secret, made string, err error)) (shown []keywright.Secret, file string, err error) {
	var f *secretFile
	if d.ToFile != "" {
		if f, err = newSecretFile(d.ToFile); err != nil {
			return nil, "", err
		}
		defer f.discard()
	}
	keys, made, err := act()
	switch {
	case err != nil:
		return nil, "", err
	case len(keys) == 0: // a hash was registered, or the request is a repeat
		return nil, "", nil
	case d.Reveal:
		return keys, "", nil
	case f == nil:
		return nil, "", nil
	}
	if f.keep(keys) != nil {
		hint := "make it again, to another file"
		if made != "" {
			hint = "revoke or rotate " + made + ", and write to another file"
		}
		return nil, "", api.NewProblem(api.Unavailable, "to_file", "the key was made and could not be written: it is lost", hint)
	}
	return nil, f.path, nil
}

// A source is a key that is given to a tool.
type source struct {
	Key      api.Key `json:"key,omitzero" doc:"The key itself. What is given here stays in the transcript: use from_file where there is one, and this only for a key that is in the transcript anyhow."`
	FromFile string  `json:"from_file,omitempty" doc:"Read the key from this file, which holds it alone: so it stays out of the transcript."`
}

func (s *source) usesFiles() string {
	if s.FromFile != "" {
		return "from_file"
	}
	return ""
}

// read returns the key. One newline at the end of a file is not part of it.
func (s *source) read() (keywright.Secret, error) {
	switch {
	case !s.Key.IsZero() && s.FromFile != "":
		return keywright.Secret{}, invalid("key", "stands beside from_file", "give one of them")
	case !s.Key.IsZero():
		return s.Key.Secret, nil
	case s.FromFile == "":
		return keywright.Secret{}, invalid("", "no key was given", "give key, or where your files are on this machine from_file")
	}
	text, err := readFile(s.FromFile, maxKeyFile)
	if err != nil {
		return keywright.Secret{}, err
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return keywright.Secret{}, invalid("from_file", "does not hold one key, alone", "name a file with one line")
	}
	return keywright.NewSecret(text), nil
}
