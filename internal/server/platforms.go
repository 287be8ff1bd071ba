// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/partner"
)

// Platforms are those that report leaked keys with a signature, or with a token that was agreed on.
type Platforms struct {
	GitHub *partner.Keys // nil: its reports are not taken
	GitLab *partner.Keys // of gitlab.com; nil: its reports are not taken

	GitLabToken keywright.Secret // of a GitLab server of one's own; zero: none
	GitLabTypes []string         // rules whose findings it sends; nil: one for each format of each keyspace
}

// gitHubLeaks takes a report of GitHub, and labels each key.
func (s *Server) gitHubLeaks(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	found, p := s.signedReport(r, c, s.options.Platforms.GitHub, api.HeaderGitHubIdentifier, api.HeaderGitHubSignature)
	var labels []api.FoundLabel
	if p == nil {
		labels, p = s.label(r.Context(), c, "github", found)
	}
	if p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, labels)
}

// gitLabLeaks takes a report of gitlab.com, which is signed, or of a GitLab server, which brings the token.
func (s *Server) gitLabLeaks(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	if p := s.tryGitLab(r, c); p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) tryGitLab(r *http.Request, c *call) *api.Problem {
	var found []partner.Found
	p := s.gitLabServer(r, c)
	switch {
	case r.Header.Get(api.HeaderGitLabSignature) != "" || r.Header["Authorization"] == nil && s.options.Platforms.GitLab != nil:
		found, p = s.signedReport(r, c, s.options.Platforms.GitLab, api.HeaderGitLabIdentifier, api.HeaderGitLabSignature)
	case p == nil:
		found, p = s.readReport(r)
	}
	if p == nil {
		_, p = s.label(r.Context(), c, "gitlab", found)
	}
	return p
}

// gitLabTypes tells a GitLab server of which rules it is to send findings.
func (s *Server) gitLabTypes(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	if p := s.gitLabServer(r, c); p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	types := s.options.Platforms.GitLabTypes
	if types == nil {
		spaces, err := s.authority.Keyspaces(reader)
		if err != nil {
			writeProblem(w, s.problemOf(c, err))
			return
		}
		for i := range spaces {
			for _, f := range spaces[i].Formats {
				types = append(types, "gitleaks_rule_id_"+strings.ReplaceAll(spaces[i].Name+"_"+f.Name+"_key", "-", "_")) // as keywright rules names them
			}
		}
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, api.TokenTypes{Types: types})
}

// gitLabServer judges the token of a GitLab server. It comes as the whole header, or behind Bearer.
func (s *Server) gitLabServer(r *http.Request, c *call) *api.Problem {
	token := s.options.Platforms.GitLabToken
	if token.IsZero() {
		return errPlatform("GitLab", "--gitlab-token-file, or --gitlab-keys-url")
	}
	if limit, ok := s.reporting.open(c.address); !ok {
		return tooMany(limit)
	}
	given, ok := bearer(r.Header["Authorization"])
	if !ok {
		given = r.Header.Get("Authorization")
	}
	want, got := sha256.Sum256([]byte(token.Reveal())), sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		s.reporting.allow(c.address)
		return api.NewProblem(api.Unauthenticated, "Authorization", "the token of the GitLab server is missing or wrong", "set secret_detection_token_revocation_token there to what --gitlab-token-file holds")
	}
	return nil
}

func errPlatform(name, flag string) *api.Problem {
	return api.NewProblem(api.NotFound, "", "reports of "+name+" are not taken here", "start the server with "+flag)
}

// signedReport reads a report and checks its signature. Of whoever names no known key no body is read.
func (s *Server) signedReport(r *http.Request, c *call, keys *partner.Keys, identifier, signature string) ([]partner.Found, *api.Problem) {
	if keys == nil {
		name, _, _ := strings.Cut(identifier, "-")
		return nil, errPlatform(name, "--"+strings.ToLower(name)+"-keys-url")
	}
	if limit, ok := s.reporting.open(c.address); !ok {
		return nil, tooMany(limit)
	}
	key, der, err := keys.Prepare(r.Context(), one(r, identifier), one(r, signature))
	if err != nil {
		return nil, s.refusal(c, err, identifier, signature)
	}
	body, p := readAll(r)
	if p != nil {
		return nil, p
	}
	if err := partner.Check(key, der, body); err != nil {
		return nil, s.refusal(c, err, identifier, signature)
	}
	return parseReport(body)
}

// one returns the value of a header that is there once.
func one(r *http.Request, header string) string {
	if values := r.Header[header]; len(values) == 1 {
		return values[0]
	}
	return ""
}

func (s *Server) readReport(r *http.Request) ([]partner.Found, *api.Problem) {
	body, p := readAll(r)
	if p != nil {
		return nil, p
	}
	return parseReport(body)
}

func parseReport(body []byte) ([]partner.Found, *api.Problem) {
	found, err := partner.Parse(body)
	if err != nil {
		var r *partner.Refusal
		errors.As(err, &r)
		return nil, invalid("", r.Problem, r.Hint)
	}
	return found, nil
}

// refusal says why a signed report is not taken. What is not signed right counts against the address.
func (s *Server) refusal(c *call, err error, identifier, signature string) *api.Problem {
	var r *partner.Refusal
	if !errors.As(err, &r) {
		s.log.Error("a signed report could not be judged", "error", err, "request_id", c.id)
		return api.NewProblem(api.Unavailable, "", "the public keys of the platform could not be had", "send the report again")
	}
	s.reporting.allow(c.address)
	s.metrics.refusedReports.Inc()
	field := identifier
	if r.Field == partner.FieldSignature {
		field = signature
	}
	return invalid(field, r.Problem, r.Hint)
}

// label reports what a platform found, 1,000 at a time, and labels each key.
func (s *Server) label(ctx context.Context, c *call, platform string, found []partner.Found) ([]api.FoundLabel, *api.Problem) {
	caller := authority.Operator(platform, authority.Origin{Address: c.address, Request: c.id})
	labels := make([]api.FoundLabel, len(found))
	var list []authority.LeakedKey
	var places []int
	send := func() error {
		results, err := s.authority.ReportLeaks(ctx, caller, platform, list)
		for i := range results {
			labels[places[i]].Label = leakResult(&results[i]).Label
		}
		s.metrics.countLeaks(platform, results)
		list, places = list[:0], places[:0]
		return err
	}
	for i, f := range found {
		hash := sha256.Sum256([]byte(f.Token))
		labels[i] = api.FoundLabel{TokenHash: hex.EncodeToString(hash[:]), TokenType: f.Type, Label: api.LabelFalse}
		if f.Token == "" || len(f.Token) > keywright.MaxKeyBytes {
			continue // no key of ours
		}
		list = append(list, authority.LeakedKey{Key: keywright.NewSecret(f.Token), URL: tidy(f.URL, 2048), Source: strings.ToLower(tidy(f.Source, 64))})
		if places = append(places, i); len(list) == api.MaxLeaks {
			if err := send(); err != nil {
				return nil, s.problemOf(c, err)
			}
		}
	}
	if err := send(); err != nil {
		return nil, s.problemOf(c, err)
	}
	return labels, nil
}

// tidy makes a text of a platform one that is kept: a report is not refused for its address.
func tidy(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
