// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const adminKeyName = "admin-key"

// A starter does what comes between an open store and the first request: the first service key, and what is said.
type starter struct {
	s            *session
	authority    *authority.Authority
	doors        doors
	dir          string
	adminKeyFile string

	profile  bool // the profile local is there for the key
	first    bool // the first service key was made just now
	signedIn bool // the profile local fits this server
	said     []string
}

// firstKey makes the first service key on an empty store and puts it where its owner finds it; the place is made
// ready before the key is. Later it only looks whether the profile still fits.
func (t *starter) firstKey(ctx context.Context) error {
	// A server that listens on this machine alone serves the user who starts it.
	t.profile = t.doors.loopback() && t.s.configFolder() != ""
	empty, err := t.empty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		return t.checkProfile(ctx)
	}
	t.profile = t.profile && t.s.canWriteProfile(localProfile)
	var file *secretFile
	if path := t.keyFilePath(); path != "" {
		if t.adminKeyFile == "" { // a store in a database has made no folder
			if err := os.MkdirAll(t.dir, 0o700); err != nil {
				return unknowable("cannot make the folder for the first service key: "+plainPathError(err), "name a file for it with --admin-key-file", nil)
			}
		}
		if file, err = newSecretFile(path, false); err != nil {
			return err
		}
		defer file.discard()
	}
	issued, made, err := t.authority.FirstServiceKey(ctx)
	if err != nil {
		return unknowable("the first service key could not be made", "look at the disk", err)
	}
	if !made { // another process was faster
		return t.checkProfile(ctx)
	}
	t.first = true
	if t.profile {
		aside, err := t.s.writeProfile(localProfile, profile{URL: t.doors.url(), ServiceKey: api.NewKey(issued.Key)})
		if err != nil {
			return err
		}
		t.signedIn = true
		if aside != "" {
			t.said = append(t.said, "the profile \"local\" of another server is kept in "+aside)
		}
	}
	if file != nil {
		if _, err := file.WriteString(issued.Key.Reveal() + "\n"); err != nil {
			return file.failed(err)
		}
		t.said = append(t.said, "the first service key is in "+file.path)
		return file.done()
	}
	if !t.profile {
		t.s.say("first service key, with all scopes, shown once: %s", issued.Key.Reveal())
	}
	return nil
}

// empty reports whether there has never been a service key.
func (t *starter) empty(ctx context.Context) (bool, error) {
	keys, _, err := t.authority.List(ctx, authority.Operator("local", authority.Origin{}),
		authority.ListRequest{Keyspace: authority.ReservedKeyspace, Limit: 1})
	if err != nil {
		return false, unknowable("the store cannot be read", "keywright doctor looks at it", err)
	}
	return len(keys) == 0, nil
}

// keyFilePath is the file for the key, or nothing where the profile or a terminal takes it.
func (t *starter) keyFilePath() string {
	if t.adminKeyFile != "" || t.profile || isTerminal(t.s.stderr) {
		return t.adminKeyFile
	}
	return filepath.Join(t.dir, adminKeyName)
}

// checkProfile looks whether the profile local holds a key of this store. If it does, it follows the server to its
// address.
func (t *starter) checkProfile(ctx context.Context) error {
	if !t.profile {
		return nil
	}
	p, err := t.s.readProfile(localProfile)
	if err != nil || p == nil {
		return nil // doctor says what is wrong with it; the server needs it not
	}
	if !t.fits(ctx, p.ServiceKey.Secret) {
		return nil
	}
	t.signedIn = true
	if p.URL == t.doors.url() {
		return nil
	}
	return t.s.replaceProfile(localProfile, profile{t.doors.url(), p.ServiceKey, p.tlsFiles})
}

func (t *starter) fits(ctx context.Context, key keywright.Secret) bool {
	_, err := t.authority.Authenticate(ctx, key, authority.Origin{})
	return err == nil
}

// lines is what the server says when it is ready.
func (t *starter) lines() []string {
	lines := []string{"ready on " + t.doors.names() + " · console /console · generator /generate · docs " + api.PathDocs}
	if err := t.authority.Frozen(); err != nil {
		return append(lines, "frozen, and every request gets 503: "+hinted(err))
	}
	if t.signedIn {
		lines = append(lines, `this machine's command line is signed in (profile "local") · keyspace "`+authority.DefaultKeyspace+`"`)
	}
	if t.profile && !t.signedIn && !t.first {
		lines = append(lines, "this machine's command line is not signed in: keywright admin sign-in --url "+t.doors.url()+
			" with a service key, or stop the server and use keywright admin recover")
	}
	lines = append(lines, t.said...)
	if t.first && t.signedIn {
		lines = append(lines, "next: keywright issue --name ci --scope invoices:read")
	}
	if t.doors.readable() {
		lines = append(lines, "others reach this server, and keys travel unencrypted: put a proxy with TLS before it, or give --tls-cert and --tls-key")
	}
	return lines
}
