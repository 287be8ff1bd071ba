// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/keywright/keywright"
)

// verbFailing is the verb of the event that an endpoint has been failing for some time.
const verbFailing = "webhook.failing"

// An EndpointRequest asks for an endpoint.
type EndpointRequest struct {
	Name      string
	Kind      EndpointKind // empty: a webhook
	URL       string
	Verbs     []string
	Keyspaces []string         // empty: those the caller is bound to; all, if it is bound to none
	Header    keywright.Secret // of an http export: the value of the header Authorization
	FromStart bool             // send the chain from its beginning, not from now on
}

// An EndpointPatch changes an endpoint; nil leaves a field as it is. A new URL makes a new secret, and ends the others at
// once: who had the address before must not be able to sign for who has the new one.
type EndpointPatch struct {
	Name      *string
	URL       *string
	Verbs     *[]string
	Keyspaces *[]string
	Header    *keywright.Secret
}

// An IssuedEndpoint is an endpoint and, where one was made, its new secret. Nothing shows that again.
type IssuedEndpoint struct {
	Endpoint EndpointState
	Secret   keywright.Secret
}

// CreateEndpoint makes an endpoint. It gets the events behind that of its own making.
func (a *Authority) CreateEndpoint(ctx context.Context, c Caller, q EndpointRequest) (IssuedEndpoint, error) {
	e := &Endpoint{Name: q.Name, Kind: q.Kind, URL: q.URL, Verbs: slices.Clone(q.Verbs), Keyspaces: slices.Clone(q.Keyspaces), Header: q.Header}
	if e.Kind == "" {
		e.Kind = Webhook
	}
	if len(e.Keyspaces) == 0 {
		e.Keyspaces = slices.Clone(c.keyspaces)
	}
	if err := c.mayEndpoints(ScopeWebhooksWrite, e.Keyspaces); err != nil {
		return IssuedEndpoint{}, err
	}
	if err := a.checkEndpoint(e); err != nil {
		return IssuedEndpoint{}, err
	}
	if err := a.freshEndpoints(ctx); err != nil {
		return IssuedEndpoint{}, err
	}
	a.couriers.acts.Lock()
	defer a.couriers.acts.Unlock()
	if len(a.couriers.list()) >= maxEndpoints {
		return IssuedEndpoint{}, &Error{Kind: Conflicting, Problem: "there are " + strconv.Itoa(maxEndpoints) + " endpoints", Hint: "delete those that are not used"}
	}
	e.Created = a.now()
	e.Updated = e.Created
	var err error
	if e.ID, err = a.newEndpointID(e.Created); err != nil {
		return IssuedEndpoint{}, err
	}
	if e.Kind.signs() {
		fresh, err := a.newEndpointSecret(e.Created)
		if err != nil {
			return IssuedEndpoint{}, err
		}
		e.Secrets = []EndpointSecret{fresh}
	}
	from := uint64(0)
	if !q.FromStart {
		if from, err = a.lastSequence(ctx); err != nil {
			return IssuedEndpoint{}, err
		}
	}
	event, err := a.event(c, "webhook.create", e.ID, e.keyspace(), append([]string{"kind " + string(e.Kind)}, e.lines()...))
	if err != nil {
		return IssuedEndpoint{}, err
	}
	item, err := a.sealEndpoint(e, 1)
	if err != nil {
		return IssuedEndpoint{}, err
	}
	cursor := cursorItem(e.ID, from, event.Time, 1)
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{item, cursor}, Events: []Event{event}}); err != nil {
		return IssuedEndpoint{}, fromStore(err)
	}
	courier := a.newCourier(e, 1)
	courier.cursor, courier.saved, courier.cursorVersion = from, from, 1
	a.couriers.add(courier)
	return courier.issued(e), nil
}

// issued shows a new secret, if the endpoint has one.
func (c *courier) issued(e *Endpoint) IssuedEndpoint {
	i := IssuedEndpoint{Endpoint: c.state()}
	if len(e.Secrets) > 0 {
		i.Secret = e.Secrets[0].Secret
	}
	return i
}

// lines say in an event what an endpoint gets. Where it is, may be a secret.
func (e *Endpoint) lines() (lines []string) {
	for _, v := range e.Verbs {
		lines = append(lines, "verb "+v)
	}
	for _, k := range e.Keyspaces {
		lines = append(lines, "keyspace "+k)
	}
	return lines
}

// checkEndpoint refuses what cannot be, and what this process cannot send to.
func (a *Authority) checkEndpoint(e *Endpoint) error {
	if err := e.check(); err != nil {
		return err
	}
	if a.couriers.sender == nil {
		return &Error{Kind: Conflicting, Problem: "this process sends nothing", Hint: "give the library Options.Sender"}
	}
	if err := a.couriers.sender.Check(e.Kind, e.URL); err != nil {
		return invalid("url", err.Error(), "the operator of the server decides where it sends to: see keywright serve --help, --webhook-…")
	}
	return a.needSealer()
}

// changeEndpoint does one act on an endpoint: what change says it changed becomes an event; nothing, and nothing is done.
func (a *Authority) changeEndpoint(ctx context.Context, c Caller, id, verb string, change func(*Endpoint, time.Time) ([]string, error)) (*courier, *Endpoint, error) {
	if err := a.freshEndpoints(ctx); err != nil {
		return nil, nil, err
	}
	a.couriers.acts.Lock()
	defer a.couriers.acts.Unlock()
	courier, err := a.couriers.find(c, ScopeWebhooksWrite, id)
	if err != nil {
		return nil, nil, err
	}
	e := *courier.now()
	if courier.closed {
		return nil, nil, &Error{Kind: Conflicting, Problem: "the endpoint was sealed with another root key, and cannot be opened", Hint: "start the server with that root key, or delete the endpoint and make it again"}
	}
	lines, err := change(&e, a.now())
	if err != nil || len(lines) == 0 {
		return courier, &e, err
	}
	return courier, &e, a.putEndpoint(ctx, c, courier, &e, verb, lines)
}

func (a *Authority) putEndpoint(ctx context.Context, c Caller, courier *courier, e *Endpoint, verb string, lines []string) error {
	event, err := a.event(c, verb, e.ID, e.keyspace(), lines)
	if err != nil {
		return err
	}
	if err := a.needSealer(); err != nil {
		return err
	}
	e.Updated = event.Time
	item, err := a.sealEndpoint(e, courier.version+1)
	if err != nil {
		return err
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{item}, Events: []Event{event}}); err != nil {
		return fromStore(err)
	}
	courier.version++
	courier.set(e)
	courier.rouse()
	return nil
}

// UpdateEndpoint changes an endpoint.
func (a *Authority) UpdateEndpoint(ctx context.Context, c Caller, id string, q EndpointPatch) (IssuedEndpoint, error) {
	moved := false
	courier, e, err := a.changeEndpoint(ctx, c, id, "webhook.update", func(e *Endpoint, now time.Time) (lines []string, err error) {
		if q.Name != nil && *q.Name != e.Name {
			e.Name, lines = *q.Name, append(lines, "name")
		}
		if q.Verbs != nil && !slices.Equal(*q.Verbs, e.Verbs) {
			e.Verbs, lines = slices.Clone(*q.Verbs), append(lines, "verbs")
		}
		if q.Keyspaces != nil && !slices.Equal(*q.Keyspaces, e.Keyspaces) {
			e.Keyspaces, lines = slices.Clone(*q.Keyspaces), append(lines, "keyspaces")
		}
		if q.Header != nil {
			e.Header, lines = *q.Header, append(lines, "authorization")
		}
		if moved = q.URL != nil && *q.URL != e.URL; moved {
			e.URL, lines = *q.URL, append(lines, "url")
		}
		if err := c.mayEndpoints(ScopeWebhooksWrite, e.Keyspaces); err != nil {
			return nil, err
		}
		if err := a.checkEndpoint(e); err != nil {
			return nil, err
		}
		if moved && e.Kind.signs() {
			fresh, err := a.newEndpointSecret(now)
			if err != nil {
				return nil, err
			}
			e.rotate(fresh, now, 0)
			lines = append(lines, "secret")
			if q.Header == nil {
				e.Header = keywright.Secret{} // it was for who had the address before
			}
		}
		return lines, nil
	})
	if err != nil {
		return IssuedEndpoint{}, err
	}
	if !moved {
		return IssuedEndpoint{Endpoint: courier.state()}, nil
	}
	return courier.issued(e), nil
}

// RotateEndpointSecret makes a new secret. For the grace, at most MaxSecretGrace, messages are signed with the old one too.
func (a *Authority) RotateEndpointSecret(ctx context.Context, c Caller, id string, grace time.Duration) (IssuedEndpoint, error) {
	if grace < 0 || grace > MaxSecretGrace {
		return IssuedEndpoint{}, invalid("grace", "is not between 0s and 30 days", "give a duration such as 24h")
	}
	courier, e, err := a.changeEndpoint(ctx, c, id, "webhook.rotate_secret", func(e *Endpoint, now time.Time) ([]string, error) {
		if !e.Kind.signs() {
			return nil, &Error{Kind: Conflicting, Problem: "endpoints of the kind " + string(e.Kind) + " have no secret", Hint: "nothing needs to be done"}
		}
		fresh, err := a.newEndpointSecret(now)
		if err != nil {
			return nil, err
		}
		e.rotate(fresh, now, grace)
		return []string{"grace " + grace.String()}, nil
	})
	if err != nil {
		return IssuedEndpoint{}, err
	}
	return courier.issued(e), nil
}
