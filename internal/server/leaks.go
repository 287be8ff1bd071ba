// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const leaksTag = "Leaks"

// registerLeaks registers the routes of leaks.
func (s *Server) registerLeaks() {
	register(s, huma.Operation{
		OperationID: "report-leaks", Method: http.MethodPost, Path: api.PathLeaks, Tags: []string{leaksTag}, Summary: "Report keys that were seen where they must not be",
		Description: "Each is looked for by itself, in every keyspace that the service key is bound to. Those that are known end as the policy of their keyspace says, and each report is an event. " +
			"Publishable keys are never ended by a report. A repeat changes nothing. Of a key that is not known nothing is kept; where that cannot be told, the answer is an error.",
	}, s.reportLeaks)
	register(s, huma.Operation{
		OperationID: "list-leaks", Method: http.MethodGet, Path: api.PathLeaks, Tags: []string{leaksTag}, Summary: "List leaks, newest first",
	}, s.listLeaks)
	register(s, huma.Operation{
		OperationID: "get-leak", Method: http.MethodGet, Path: api.PathLeak, Tags: []string{leaksTag}, Summary: "Show a leak from exposure to end",
	}, s.getLeak)
}

type reportLeaksIn struct {
	Body body[api.LeakRequest]
}

func (s *Server) reportLeaks(ctx context.Context, c *call, in *reportLeaksIn) (api.LeakResponse, int, error) {
	out := api.LeakResponse{Results: []api.LeakResult{}}
	q := in.Body.value.Leaks
	if len(q) == 0 {
		return out, 0, invalid("leaks", "is empty", "give 1 to 1000 keys")
	}
	list := make([]authority.LeakedKey, len(q))
	for i := range q {
		list[i] = authority.LeakedKey{Key: q[i].Key.Secret, URL: q[i].URL, Source: q[i].Source, Found: q[i].FoundAt}
	}
	results, err := s.authority.ReportLeaks(ctx, c.caller, "", list)
	s.metrics.countLeaks(viaService, results)
	for i := range results {
		out.Results = append(out.Results, leakResult(&results[i]))
	}
	return out, http.StatusOK, err
}

func leakResult(r *authority.LeakResult) api.LeakResult {
	if r.Leak == "" {
		return api.LeakResult{Label: api.LabelFalse, State: api.LeakUnknown, Action: authority.LeakNone}
	}
	return api.LeakResult{Label: api.LabelTrue, LeakID: r.Leak, KeyID: r.Key, State: string(r.State), Action: r.Action, RevokeAt: r.RevokeAt}
}

type listLeaksIn struct {
	Keyspace string `query:"keyspace" doc:"All that the service key may see, where it is left out."`
	Owner    string `query:"owner"`
	State    string `query:"state" enum:"open,ended" doc:"open: the secret verifies still."`
	Cursor   string `query:"cursor" doc:"The next_cursor of the page before."`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" doc:"50, where it is left out."`
}

func (s *Server) listLeaks(ctx context.Context, c *call, in *listLeaksIn) (api.LeakList, int, error) {
	leaks, more, err := s.authority.Leaks(ctx, c.caller, authority.LeakQuery{
		Keyspace: in.Keyspace, Owner: in.Owner, Open: in.State == "open", Ended: in.State == "ended", After: in.Cursor, Limit: in.Limit,
	})
	out := api.LeakList{Leaks: []api.Leak{}}
	for i := range leaks {
		out.Leaks = append(out.Leaks, leak(&leaks[i]))
	}
	if more {
		out.NextCursor = leaks[len(leaks)-1].ID
	}
	return out, http.StatusOK, err
}

func leak(l *authority.Leak) api.Leak {
	w := api.Leak{
		ID: l.ID, Keyspace: l.Keyspace, KeyID: l.Key, PublicID: l.PublicID, Owner: l.Owner, Kind: l.Format, Publishable: l.Publishable,
		Sightings: []api.Sighting{}, SightingsTotal: l.Total, FirstSeenAt: l.FirstSeen, ReportedAt: l.Reported,
		Action: l.Action, RevokeAt: l.RevokeAt, EndedAt: l.Ended,
	}
	for _, s := range l.Sightings {
		w.Sightings = append(w.Sightings, api.Sighting{Source: s.Source, URL: s.URL, Reporter: s.Reporter, FoundAt: s.Found, ReportedAt: s.Reported})
	}
	if took, ok := l.Took(); ok {
		ms := took.Milliseconds()
		w.TookMS = &ms
	}
	return w
}

// leaks documents the routes of platforms.
func (d documenter) leaks() {
	header := func(name, what string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Description: what}
	}
	found := content(api.MediaJSON, &huma.Schema{Type: huma.TypeArray, Items: schema[api.FoundKey](d)})
	d.add(huma.Operation{
		OperationID: "report-github", Method: http.MethodPost, Path: api.PathLeaksGitHub, Tags: []string{leaksTag}, Summary: "A report of GitHub's secret scanning",
		Description: "Where the server was started with --github-keys-url. The raw body is signed by a key that GitHub publishes; a report whose key could not be had is 503 and not refused. A repeat changes nothing.",
		Parameters:  []*huma.Param{header(api.HeaderGitHubIdentifier, "Of the public key."), header(api.HeaderGitHubSignature, "Base64 of an ASN.1 DER ECDSA signature over SHA-256 of the body.")},
	}, http.StatusOK, found, content(api.MediaJSON, &huma.Schema{Type: huma.TypeArray, Items: schema[api.FoundLabel](d)}))
	d.add(huma.Operation{
		OperationID: "report-gitlab", Method: http.MethodPost, Path: api.PathLeaksGitLab, Tags: []string{leaksTag}, Summary: "A report of GitLab",
		Description: "Of gitlab.com, signed, where the server was started with --gitlab-keys-url; or of a GitLab server, with the token of --gitlab-token-file in Authorization. A repeat changes nothing.",
		Parameters:  []*huma.Param{header(api.HeaderGitLabIdentifier, "Of the public key."), header(api.HeaderGitLabSignature, "As of GitHub."), header("Authorization", "The token, of a GitLab server.")},
	}, http.StatusNoContent, found, nil)
	d.add(huma.Operation{
		OperationID: "gitlab-types", Method: http.MethodGet, Path: api.PathLeaksGitLab, Tags: []string{leaksTag}, Summary: "Of which rules a GitLab server is to send findings",
		Parameters: []*huma.Param{header("Authorization", "The token of --gitlab-token-file.")},
	}, http.StatusOK, nil, content(api.MediaJSON, schema[api.TokenTypes](d)))
}

// LeakID is a request about one leak.
type LeakID struct {
	ID string `path:"id" doc:"The id of a leak." example:"leak_4TqPzR1mX8bK2nWcVhYd0A"`
}

func (s *Server) getLeak(ctx context.Context, c *call, in *LeakID) (api.LeakReport, int, error) {
	l, err := s.authority.LeakReport(ctx, c.caller, in.ID)
	if err != nil {
		return api.LeakReport{}, 0, err
	}
	out := api.LeakReport{
		Leak: leak(&l.Leak), TokensUntil: l.Tokens, Children: []api.LeakChild{}, Events: []api.Event{},
		Uses: leakUses(&l),
	}
	if out.Record, err = s.whole(ctx, &l.Record); err != nil {
		return out, 0, err
	}
	if d := l.Record.Rules.Decoy; d != nil {
		out.Decoy = &api.Decoy{Planted: d.Planted}
	}
	for i := range l.Children {
		r := &l.Children[i]
		out.Children = append(out.Children, api.LeakChild{KeyID: r.ID, Name: r.Name, State: string(s.authority.StateOf(r))})
	}
	for i := range l.Events {
		out.Events = append(out.Events, event(&l.Events[i]))
	}
	if l.Receipt != nil {
		r := receipt(*l.Receipt)
		out.Receipt = &r
	}
	return out, http.StatusOK, nil
}

func leakUses(l *authority.LeakReport) api.LeakUses {
	out := api.LeakUses{Since: l.Since, Hours: []api.LeakHour{}, Networks: []api.LeakNetwork{}, Paths: []api.LeakPath{}}
	for _, u := range l.Hours {
		out.Hours = append(out.Hours, api.LeakHour{Hour: u.Hour, Code: u.Code, Count: u.Count})
	}
	for _, n := range l.Uses.Networks {
		out.Networks = append(out.Networks, api.LeakNetwork{Network: n.Network, Count: n.Count, LastAt: n.Last})
	}
	for _, p := range l.Uses.Paths {
		out.Paths = append(out.Paths, api.LeakPath{Path: p.Path, Count: p.Count})
	}
	out.Complete = l.Complete
	return out
}
