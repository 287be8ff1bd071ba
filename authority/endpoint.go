// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// An EndpointKind is how events reach an endpoint.
type EndpointKind string

// The kinds. A webhook gets each event by itself and may get them out of order; an export gets all of them in the order of
// the chain, many at once, and waits at the one that was not taken.
const (
	Webhook      EndpointKind = "webhook"
	ExportHTTP   EndpointKind = "http"   // lines of JSON, posted
	ExportSyslog EndpointKind = "syslog" // RFC 5424 over TLS or TCP
	ExportFile   EndpointKind = "file"   // lines of JSON, appended to a file of the server's folder for exports
)

// Export reports whether endpoints of a kind get the chain in its order.
func (k EndpointKind) Export() bool { return k != Webhook }

// signs reports whether what is sent is signed: the kinds that have a secret.
func (k EndpointKind) signs() bool { return k == Webhook || k == ExportHTTP }

// An Endpoint is a place that events of the audit chain are sent to.
type Endpoint struct {
	ID        string // wh_ and 22 letters and digits
	Name      string
	Kind      EndpointKind
	URL       string           // may hold a token of the receiver's: it is shown to who may see the endpoint, and never logged
	Verbs     []string         // of events, patterns such as key.*; empty: all
	Keyspaces []string         // whose events; empty: all events, also those of no keyspace
	Header    keywright.Secret // the value of the header Authorization, for an http export; never shown
	HasHeader bool             // in what is shown
	Disabled  bool
	Reason    string // why the server disabled it; empty: somebody did
	Created   time.Time
	Updated   time.Time
	Secrets   []EndpointSecret // the present one first, then those in their grace
}

// An EndpointSecret signs what is sent to an endpoint: whsec_ and base64. It is shown once; then Secret is empty in all
// that the authority returns but a Dispatch.
type EndpointSecret struct {
	Secret  keywright.Secret
	Created time.Time
	Ends    time.Time // zero: it is the present one
}

// wants reports whether an event is sent to the endpoint. What the server says of the endpoint's own failures is not: it
// would wait behind them.
func (e *Endpoint) wants(event *Event) bool {
	if event.Verb == verbFailing && event.Target == e.ID {
		return false
	}
	if len(e.Keyspaces) > 0 && !slices.Contains(e.Keyspaces, event.Keyspace) {
		return false
	}
	return len(e.Verbs) == 0 || keywright.Grants(e.Verbs, event.Verb)
}

// shown is the endpoint without its secrets.
func (e *Endpoint) shown() Endpoint {
	s := *e
	s.HasHeader, s.Header = !e.Header.IsZero(), keywright.Secret{}
	s.Secrets = slices.Clone(e.Secrets)
	for i := range s.Secrets {
		s.Secrets[i].Secret = keywright.Secret{}
	}
	return s
}

// inForce is the endpoint with those secrets alone that have not ended.
func (e *Endpoint) inForce(now time.Time) Endpoint {
	s := *e
	s.Secrets = slices.DeleteFunc(slices.Clone(e.Secrets), func(s EndpointSecret) bool { return !s.Ends.IsZero() && !now.Before(s.Ends) })
	return s
}

// A Dispatch is what is sent to an endpoint at once: one event to a webhook, some in their order to an export, none as a
// test.
type Dispatch struct {
	Endpoint Endpoint  // with its secrets
	ID       string    // the same at every attempt
	Time     time.Time // of this attempt
	Events   []Event
}

// A Result is what an endpoint answered.
type Result struct {
	Status     int           // of HTTP; 0: there was no answer, or it is not HTTP
	RetryAfter time.Duration // that the receiver asks to be left alone for; 0: it did not ask
	Gone       bool          // the receiver wants nothing any more
}

// A Sender sends. It waits no longer than some seconds, and its errors are words of its own: nothing of the URL, of what was
// sent or of what was answered is in them, as they are stored and shown.
type Sender interface {
	// Check returns why nothing can be sent to an endpoint of this kind and URL, or nil. It asks nobody.
	Check(kind EndpointKind, url string) error
	// Send returns nil when the endpoint has taken all of it.
	Send(ctx context.Context, d Dispatch) (Result, error)
}

const (
	itemEndpoint = "endpoint"        // sealed: URLs hold tokens
	itemCursor   = "endpoint-cursor" // the sequence up to which events were dealt with
	itemDelivery = "delivery"

	endpointPrefix = "wh_"
	maxEndpoints   = 50
)

// storedEndpoint is what is sealed.
type storedEndpoint struct {
	Name      string         `json:"name"`
	Kind      EndpointKind   `json:"kind"`
	URL       string         `json:"url"`
	Verbs     []string       `json:"verbs,omitempty"`
	Keyspaces []string       `json:"keyspaces,omitempty"`
	Header    string         `json:"header,omitempty"`
	Disabled  bool           `json:"disabled,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	Updated   time.Time      `json:"updated"`
	Secrets   []storedSecret `json:"secrets,omitempty"`
}

type storedSecret struct {
	Secret  string    `json:"secret"`
	Created time.Time `json:"created"`
	Ends    time.Time `json:"ends,omitzero"`
}

// sealEndpoint returns the item of an endpoint.
func (a *Authority) sealEndpoint(e *Endpoint, version uint64) (*Item, error) {
	stored := storedEndpoint{
		Name: e.Name, Kind: e.Kind, URL: e.URL, Verbs: e.Verbs, Keyspaces: e.Keyspaces, Header: e.Header.Reveal(),
		Disabled: e.Disabled, Reason: e.Reason, Updated: e.Updated,
	}
	for _, s := range e.Secrets {
		stored.Secrets = append(stored.Secrets, storedSecret{s.Secret.Reveal(), s.Created, s.Ends})
	}
	plain, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	sealed, err := a.sealer.Seal(itemEndpoint, e.ID, plain)
	return &Item{Kind: itemEndpoint, Name: e.ID, Data: sealed, Created: e.Created, Version: version}, err
}

// openEndpoint reads the item of an endpoint.
func (a *Authority) openEndpoint(item *Item) (*Endpoint, error) {
	if a.sealer == nil {
		return nil, a.needSealer()
	}
	plain, err := a.sealer.Unseal(itemEndpoint, item.Name, item.Data)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	var stored storedEndpoint
	if json.Unmarshal(plain, &stored) != nil {
		return nil, fmt.Errorf("endpoint %s is not as it was written", item.Name)
	}
	e := &Endpoint{
		ID: item.Name, Name: stored.Name, Kind: stored.Kind, URL: stored.URL, Verbs: stored.Verbs, Keyspaces: stored.Keyspaces,
		Header: keywright.NewSecret(stored.Header), Disabled: stored.Disabled, Reason: stored.Reason, Created: item.Created, Updated: stored.Updated,
	}
	for _, s := range stored.Secrets {
		e.Secrets = append(e.Secrets, EndpointSecret{keywright.NewSecret(s.Secret), s.Created, s.Ends})
	}
	return e, nil
}

// newEndpointID returns wh_ and what a key id has behind key_: ids order by time.
func (a *Authority) newEndpointID(now time.Time) (string, error) {
	id, err := keywright.NewKeyID(now, a.noise)
	_, random, _ := strings.Cut(id.String(), "_")
	return endpointPrefix + random, err
}

// newEndpointSecret makes a secret as Standard Webhooks has them: whsec_ and 32 bytes in base64.
func (a *Authority) newEndpointSecret(now time.Time) (EndpointSecret, error) {
	f, err := keywright.Preset("webhook-secret")
	if err != nil {
		return EndpointSecret{}, err
	}
	g, err := keywright.NewGenerator(f, a.random)
	if err != nil {
		return EndpointSecret{}, err
	}
	k, err := g.Next("")
	return EndpointSecret{Secret: k.Full(), Created: now}, err
}
