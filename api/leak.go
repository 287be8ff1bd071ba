// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// Paths of leaks. {id} is the id of one.
const (
	PathLeaks       = "/v1/leaks"
	PathLeak        = "/v1/leaks/{id}"
	PathLeaksGitHub = "/v1/leaks/github"
	PathLeaksGitLab = "/v1/leaks/gitlab"
)

// MaxLeaks is how many keys one request reports at most.
const MaxLeaks = 1000

// A LeakRequest reports keys that were seen where they must not be.
type LeakRequest struct {
	Leaks []LeakedKey `json:"leaks" nullable:"false" minItems:"1" maxItems:"1000"`
}

// A LeakedKey is one key and where it was seen. Only the key is needed: it is looked for by nothing else.
type LeakedKey struct {
	Key     Key       `json:"key"`
	URL     string    `json:"url,omitempty" doc:"Where it was seen, at most 2,048 characters." example:"https://github.com/octocat/Hello-World/blob/main/config.py"`
	Source  string    `json:"source,omitempty" doc:"What kind of place that is, at most 64 characters; unknown, where it is left out." example:"scan"`
	FoundAt time.Time `json:"found_at,omitzero" doc:"When it was seen there; now, where it is left out."`
	Kind    string    `json:"kind,omitempty" doc:"What the finder takes it for. Nothing is looked for by it." example:"acme_api_key"`
}

// The labels of results: whether the key is one that was issued here.
const (
	LabelTrue  = "true_positive"
	LabelFalse = "false_positive"
)

// LeakUnknown is the state of a key that was not issued here.
const LeakUnknown = "unknown"

// A LeakResult is what became of one key that was reported.
type LeakResult struct {
	Label    string          `json:"label" enum:"true_positive,false_positive"`
	LeakID   string          `json:"leak_id,omitempty" doc:"Absent: the key is unknown, and nothing is kept of it." example:"leak_4TqPzR1mX8bK2nWcVhYd0A"`
	KeyID    keywright.KeyID `json:"key_id,omitzero"`
	State    string          `json:"state" enum:"active,revoked,disabled,expired,unknown" doc:"Of this secret of the key, before this report was acted on."`
	Action   string          `json:"action" enum:"revoked,scheduled,reported,none" doc:"revoked: the leaked secret ended. scheduled: it ends at revoke_at. reported: it was only told. none: it had ended, or it is unknown."`
	RevokeAt time.Time       `json:"revoke_at,omitzero"`
}

// A LeakResponse has a result for each key, in their order.
type LeakResponse struct {
	Results []LeakResult `json:"results" nullable:"false"`
}

// A Leak is one secret of a key that was reported, however often.
type Leak struct {
	ID             string          `json:"id" example:"leak_4TqPzR1mX8bK2nWcVhYd0A"`
	Keyspace       string          `json:"keyspace"`
	KeyID          keywright.KeyID `json:"key_id"`
	PublicID       string          `json:"public_id,omitempty"`
	Owner          string          `json:"owner,omitempty"`
	Kind           string          `json:"kind" doc:"The name of the format." example:"secret"`
	Publishable    bool            `json:"publishable,omitempty" doc:"Keys of its format may be seen by anyone: no report ends one."`
	Sightings      []Sighting      `json:"sightings" nullable:"false" doc:"The first 100."`
	SightingsTotal int             `json:"sightings_total"`
	FirstSeenAt    time.Time       `json:"first_seen_at" doc:"The earliest time that a report named, or of the first report."`
	ReportedAt     time.Time       `json:"reported_at" doc:"Of the first report."`
	Action         string          `json:"action" enum:"revoked,scheduled,reported,none"`
	RevokeAt       time.Time       `json:"revoke_at,omitzero" doc:"When it is to end, of one that is scheduled."`
	EndedAt        time.Time       `json:"ended_at,omitzero" doc:"When the secret ended, for whatever reason; absent: it verifies."`
	TookMS         *int64          `json:"took_ms,omitempty" doc:"From the first report to the end, in milliseconds; absent: it has not ended, or had before."`
}

// A Sighting is one place where a key was seen.
type Sighting struct {
	Source     string    `json:"source" example:"commit"`
	URL        string    `json:"url,omitempty"`
	Reporter   string    `json:"reporter,omitempty" doc:"A key id, or a word: github, gitlab." example:"github"`
	FoundAt    time.Time `json:"found_at,omitzero"`
	ReportedAt time.Time `json:"reported_at"`
}

// A LeakList is a page of leaks, newest first.
type LeakList struct {
	Leaks      []Leak `json:"leaks" nullable:"false"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Asks for the next page; absent where there was nothing more."`
}

// A LeakReport tells a leak from exposure to end.
type LeakReport struct {
	Leak
	Record      Record      `json:"record"`
	Decoy       *Decoy      `json:"decoy,omitempty" doc:"The key opens nothing, and was planted."`
	Uses        LeakUses    `json:"uses"`
	Children    []LeakChild `json:"children" nullable:"false" doc:"Keys below this one, which end with it."`
	TokensUntil time.Time   `json:"tokens_until,omitzero" doc:"When the last token that keys of the keyspace were exchanged for has ended; absent: there is none."`
	Events      []Event     `json:"events" nullable:"false" doc:"What was done to the key since it was seen, oldest first, the last 200."`
	Receipt     *Receipt    `json:"receipt,omitempty" doc:"Of the end of the key; absent: it was not revoked."`
}

// LeakUses is how the key was used since it was seen.
type LeakUses struct {
	Since    time.Time     `json:"since"`
	Hours    []LeakHour    `json:"hours" nullable:"false"`
	Networks []LeakNetwork `json:"networks" nullable:"false" doc:"By /24 of IPv4 and /48 of IPv6, at most 64, the most used first."`
	Paths    []LeakPath    `json:"paths" nullable:"false" doc:"At most 64, the most used first."`
	Complete bool          `json:"complete" doc:"false: networks and paths are counted only from the report on, or there were more than are kept."`
}

// A LeakHour counts the verifications of one hour that ended alike.
type LeakHour struct {
	Hour  time.Time      `json:"hour"`
	Code  keywright.Code `json:"code" example:"VALID"`
	Count int64          `json:"count"`
}

// A LeakNetwork counts the verifications of requests from one network.
type LeakNetwork struct {
	Network netip.Prefix `json:"network" example:"192.0.2.0/24"`
	Count   int64        `json:"count"`
	LastAt  time.Time    `json:"last_at"`
}

// A LeakPath counts the verifications of requests for one path.
type LeakPath struct {
	Path  string `json:"path" example:"/v1/invoices"`
	Count int64  `json:"count"`
}

// A LeakChild is a key below one that leaked.
type LeakChild struct {
	KeyID keywright.KeyID `json:"key_id"`
	Name  string          `json:"name,omitempty"`
	State string          `json:"state"`
}

// A Decoy is a key that looks real and opens nothing.
type Decoy struct {
	Planted string `json:"planted" doc:"Where, at most 200 characters." example:"the wiki of team 7"`
}

// A LeakPolicy says what becomes of secret keys of a keyspace that are reported. Publishable ones are never revoked by a report.
type LeakPolicy struct {
	Secret string   `json:"secret,omitempty" enum:"revoke,delay,report" doc:"revoke at once, where it is left out. delay: tell at once, and revoke after the delay. report: only tell."`
	Delay  Duration `json:"delay,omitempty" doc:"With delay: 1m to 720h; 24h, where it is left out." example:"24h"`
}

// Headers of signed reports.
const (
	HeaderGitHubIdentifier = "Github-Public-Key-Identifier"
	HeaderGitHubSignature  = "Github-Public-Key-Signature"
	HeaderGitLabIdentifier = "Gitlab-Public-Key-Identifier"
	HeaderGitLabSignature  = "Gitlab-Public-Key-Signature"
)

// A FoundKey is one key as GitHub and GitLab report it. What more they send is left out.
type FoundKey struct {
	Token    Key    `json:"token"`
	Type     string `json:"type,omitempty" doc:"Nothing is looked for by it." example:"acme_api_key"`
	URL      string `json:"url,omitempty" example:"https://github.com/octocat/Hello-World/blob/main/config.py"`
	Location string `json:"location,omitempty" doc:"In place of url, from GitLab servers."`
	Source   string `json:"source,omitempty" example:"commit"`
}

// A FoundLabel tells GitHub whether a key that it reported was issued here.
type FoundLabel struct {
	TokenHash string `json:"token_hash" doc:"SHA-256 of the token, in hex."`
	TokenType string `json:"token_type"`
	Label     string `json:"label" enum:"true_positive,false_positive"`
}

// TokenTypes are the names of rules whose findings a GitLab server sends.
type TokenTypes struct {
	Types []string `json:"types" nullable:"false" example:"[\"gitleaks_rule_id_acme_secret_key\"]"`
}
