// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const noServerHint = `start one with "keywright serve", or set KEYWRIGHT_URL and KEYWRIGHT_SERVICE_KEY`

// serverFlags say which server a command asks. The service key itself is never a flag.
type serverFlags struct {
	profile, url, keyFile string
}

func addServerFlags(cmd *cobra.Command, f *serverFlags) {
	flags := cmd.Flags()
	flags.StringVar(&f.profile, "profile", "", "ask the server of the profile `NAME` (default local)")
	flags.StringVar(&f.url, "url", "", "ask the server at `URL`; the service key comes from KEYWRIGHT_SERVICE_KEY")
	flags.StringVar(&f.keyFile, "service-key-file", "", "read the service key from `FILE`")
}

// A destination is a server, and the key to it.
type destination struct {
	url  string
	key  keywright.Secret
	from string // where that was found, for people

	profile string // where it was found, or empty
	tls     tlsFiles
}

// destination finds the server: what is typed goes before variables, and both before the profile local.
func (s *session) destination(f *serverFlags) (destination, error) {
	key, from, err := s.serviceKey(f)
	if err != nil {
		return destination{}, err
	}
	to, err := s.address(f)
	switch {
	case err != nil:
		return destination{}, err
	case to.profile == "" && key.IsZero():
		return destination{}, misused("the server is named, and no service key is given for it",
			"set KEYWRIGHT_SERVICE_KEY, or name a file that holds one with --service-key-file")
	case to.profile == "":
		to.key, to.from = key, from
	case !key.IsZero() && (!s.typed["profile"] || s.typed["service-key-file"]):
		to.key, to.from = key, to.from+", service key from "+from
	}
	return to, nil
}

// address finds the server. Of a profile it also has the key.
func (s *session) address(f *serverFlags) (destination, error) {
	if f.url != "" && !(s.typed["profile"] && !s.typed["url"]) {
		return destination{url: f.url, from: "the URL that was given"}, nil
	}
	name := f.profile
	if name == "" {
		name = localProfile
	}
	p, err := s.readProfile(name)
	switch {
	case err != nil && f.profile == "" && s.configFolder() == "":
		return destination{}, misused("no server is named", noServerHint)
	case err != nil:
		return destination{}, err
	case p == nil && f.profile == "":
		return destination{}, misused("no server is named, and there is no profile local", noServerHint)
	case p == nil:
		return destination{}, misused("there is no profile of this name", noServerHint)
	}
	return destination{p.URL, p.ServiceKey.Secret, "profile " + name, name, p.tlsFiles}, nil
}

// serviceKey returns the key that was given apart from a profile, if one was.
func (s *session) serviceKey(f *serverFlags) (key keywright.Secret, from string, err error) {
	if f.keyFile != "" {
		key, err = serviceKeyFrom(f.keyFile)
		return key, f.keyFile, err
	}
	return keywright.NewSecret(strings.TrimSpace(s.env["KEYWRIGHT_SERVICE_KEY"])), "KEYWRIGHT_SERVICE_KEY", nil
}

// connect returns a client of the server that the flags name.
func (s *session) connect(f *serverFlags) (*client.Client, error) {
	to, err := s.destination(f)
	if err != nil {
		return nil, err
	}
	return s.connectTo(to)
}

func (s *session) connectTo(to destination) (*client.Client, error) {
	c, err := s.clientOf(to)
	if err != nil {
		return nil, err
	}
	if readable(to.url) {
		s.warn("keys travel unencrypted to %s: use https", c.URL())
	}
	return c, nil
}

// connectFor also reads the id of the key that a command is about.
func (s *session) connectFor(arg string, f *serverFlags) (*client.Client, keywright.KeyID, error) {
	id, err := keyID(arg)
	if err != nil {
		return nil, id, err
	}
	c, err := s.connect(f)
	return c, id, err
}

func (s *session) clientOf(to destination) (*client.Client, error) {
	web, err := to.tls.client()
	if err != nil {
		return nil, misused("the TLS files of the profile cannot be used: "+plainPathError(err), "keywright admin sign-in names others")
	}
	c, err := client.New(client.Options{URL: to.url, ServiceKey: to.key, HTTP: web, UserAgent: userAgent()})
	if err != nil {
		return nil, misused(err.Error(), "the server and its key come from "+to.from)
	}
	return c, nil
}

func userAgent() string { return "keywright/" + thisBuild().Version }

// readable reports whether others can read what goes to a server.
func readable(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "http" && !loopbackHost(u.Hostname())
}

func loopbackHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	return host == "localhost"
}

// fromServer says what an error of a server means for who called.
func fromServer(err error) error {
	var p *api.Problem
	var t *client.TransportError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return problemFailure(p)
	case errors.As(err, &t):
		f := &failure{code: api.ExitNoAnswer, problem: t.Error(), hint: "look whether it runs, and whether the URL is right: keywright doctor"}
		var dns *net.DNSError
		if errors.As(err, &dns) {
			f.hint = "look whether the name of the host is right"
		}
		return f
	}
	return err
}

func problemFailure(p *api.Problem) *failure {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	f := &failure{code: p.Code.Exit(), problem: printable(text), hint: printable(p.Hint)}
	switch p.Code {
	case api.Unauthenticated:
		f.hint = "look at the profile, or at KEYWRIGHT_SERVICE_KEY; whoever has access to the store makes a new one: keywright admin recover"
	case api.Internal, api.Unavailable:
		if p.RequestID != "" {
			f.hint += " (request " + printable(p.RequestID) + ")"
		}
	}
	return f
}

// unjudged is for commands whose exit code 1 says that a key is not valid: there, no error may be taken for that.
func unjudged(err error) error {
	if err = fromServer(err); err == nil {
		return nil
	}
	f := *asFailure(err)
	f.code = api.ExitNoAnswer
	return &f
}
