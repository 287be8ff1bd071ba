// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

// EndpointState is an endpoint and how it stands.
type EndpointState struct {
	Endpoint
	Pending      int       // deliveries that failed and are tried again
	Dead         int       // deliveries that were given up
	Cursor       uint64    // events up to this sequence were dealt with
	Behind       uint64    // events that were not yet looked at
	Sent, Failed uint64    // attempts since the process started
	FailingSince time.Time // the first attempt that failed since one did not; zero: it does not fail
	LastStatus   int       // of the last attempt that failed
	LastProblem  string
	LastSent     time.Time // of the last attempt that did not fail, since the process started
}

// Endpoints lists the endpoints that the caller may see, oldest first.
func (a *Authority) Endpoints(c Caller) ([]EndpointState, error) {
	if err := c.May(ScopeWebhooksRead); err != nil {
		return nil, err
	}
	var list []EndpointState
	for _, courier := range a.couriers.list() {
		if s := courier.state(); c.mayEndpoints(ScopeWebhooksRead, s.Keyspaces) == nil {
			list = append(list, s)
		}
	}
	return list, nil
}

// EndpointStates returns how all endpoints stand, for figures.
func (a *Authority) EndpointStates() []EndpointState {
	var list []EndpointState
	for _, courier := range a.couriers.list() {
		list = append(list, courier.state())
	}
	return list
}

// Endpoint returns one endpoint.
func (a *Authority) Endpoint(c Caller, id string) (EndpointState, error) {
	courier, err := a.couriers.find(c, ScopeWebhooksRead, id)
	if err != nil {
		return EndpointState{}, err
	}
	return courier.state(), nil
}

// DisableEndpoint stops sending to an endpoint. It keeps its place in the chain.
func (a *Authority) DisableEndpoint(ctx context.Context, c Caller, id string) (EndpointState, error) {
	courier, _, err := a.changeEndpoint(ctx, c, id, "webhook.disable", func(e *Endpoint, _ time.Time) ([]string, error) {
		if e.Disabled {
			return nil, nil
		}
		e.Disabled, e.Reason = true, ""
		return []string{"disabled"}, nil
	})
	if err != nil {
		return EndpointState{}, err
	}
	return courier.state(), nil
}

// EnableEndpoint sends again, from where it stopped or, with skip, from now on.
func (a *Authority) EnableEndpoint(ctx context.Context, c Caller, id string, skip bool) (EndpointState, error) {
	courier, _, err := a.changeEndpoint(ctx, c, id, "webhook.enable", func(e *Endpoint, _ time.Time) ([]string, error) {
		if !e.Disabled {
			return nil, nil
		}
		if err := a.checkEndpoint(e); err != nil {
			return nil, err
		}
		e.Disabled, e.Reason = false, ""
		if !skip {
			return []string{"enabled"}, nil
		}
		last, err := a.lastSequence(ctx)
		if err != nil {
			return nil, err
		}
		courier, err := a.couriers.find(c, ScopeWebhooksWrite, id)
		if err != nil {
			return nil, err
		}
		return []string{"enabled", "skipped"}, courier.moveTo(ctx, last)
	})
	if err != nil {
		return EndpointState{}, err
	}
	return courier.state(), nil
}

// DeleteEndpoint ends an endpoint, and forgets what it was to get.
func (a *Authority) DeleteEndpoint(ctx context.Context, c Caller, id string) error {
	if err := a.freshEndpoints(ctx); err != nil {
		return err
	}
	courier, err := a.couriers.find(c, ScopeWebhooksWrite, id)
	if err != nil {
		return err
	}
	courier.end() // before acts is held: it may be about to disable its endpoint
	a.couriers.acts.Lock()
	defer a.couriers.acts.Unlock()
	if _, err := a.couriers.find(c, ScopeWebhooksWrite, id); err != nil {
		return err // somebody was faster
	}
	event, err := a.event(c, "webhook.delete", id, courier.now().keyspace(), nil)
	if err != nil {
		courier.begin()
		return err
	}
	change := Change{Events: []Event{event}, Puts: []Put{
		&Removal{Item: &Item{Kind: itemEndpoint, Name: id, Version: courier.version}},
		&Removal{Item: &Item{Kind: itemCursor, Name: id, Version: courier.cursorVersion}},
	}}
	for _, d := range courier.deliveries {
		change.Puts = append(change.Puts, &Removal{Item: &Item{Kind: itemDelivery, Name: deliveryName(id, d.Sequence), Version: d.version}})
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), change); err != nil {
		courier.begin()
		return fromStore(err)
	}
	a.couriers.remove(id)
	return nil
}

// TestEndpoint sends a message of the type ping, and returns what was answered. The error of one that was not taken is of
// kind Conflicting.
func (a *Authority) TestEndpoint(ctx context.Context, c Caller, id string) (Result, error) {
	courier, err := a.couriers.find(c, ScopeWebhooksWrite, id)
	if err != nil {
		return Result{}, err
	}
	if courier.closed || a.couriers.sender == nil {
		return Result{}, &Error{Kind: Conflicting, Problem: "nothing can be sent to this endpoint", Hint: "show tells why"}
	}
	e := courier.now()
	event, err := a.event(c, "webhook.test", id, e.keyspace(), nil)
	if err != nil {
		return Result{}, err
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}); err != nil {
		return Result{}, fromStore(err)
	}
	now := a.now()
	name, err := a.newEndpointID(now)
	if err != nil {
		return Result{}, err
	}
	r, err := a.couriers.sender.Send(ctx, Dispatch{Endpoint: e.inForce(now), ID: "ping_" + name[len(endpointPrefix):], Time: now})
	if err != nil {
		return r, &Error{Kind: Conflicting, Problem: "the test was not taken: " + err.Error(), Hint: "look at the log of the receiver; webhook update changes the URL"}
	}
	return r, nil
}
