// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
)

// A traded is a token and what is known of it.
type traded struct {
	key     keywright.Secret // that it was exchanged for
	id      keywright.KeyID
	parent  keywright.KeyID
	token   keywright.Secret
	touched bool // an act since then may have taken something away
}

// history is a random history of keys, and the tokens that were given for them.
type history struct {
	*house
	random *rand.Rand
	keys   []*authority.Issued
	tokens []*traded
}

const historyAge = 300 * time.Millisecond

// Whatever happens to keys: an offline VALID differs from what the authority says for no longer than MaxAge, and a token of
// a key to which nothing happened is VALID.
func TestOfflineHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	h := &history{house: newHouse(t, client.OfflineOptions{MaxAge: historyAge}), random: rand.New(rand.NewPCG(seed, 1))}
	for range 6 {
		k := h.issue(t, authority.IssueRequest{Scopes: []string{"a:*", "b:read"}, Roles: []string{"reader"}})
		h.keys = append(h.keys, &k)
	}
	for _, parent := range h.keys[:3] {
		k, err := h.IssueChild(t.Context(), admin, parent.Record.ID, authority.IssueRequest{Scopes: []string{"a:read"}})
		if err != nil {
			t.Fatal(err)
		}
		h.keys = append(h.keys, &k)
	}
	kinds, compared := map[string]int{}, 0
	for range 250 {
		for range 2 {
			h.trade(t)
		}
		kinds[h.act(t)]++
		h.compare(t, time.Now())
		compared += len(h.tokens)
	}
	if t.Log(kinds, compared, "VALIDs"); compared < 500 {
		t.Errorf("%d VALIDs were compared: the test sees nothing", compared)
	}
}

// trade exchanges one key, where it can be.
func (h *history) trade(t *testing.T) {
	t.Helper()
	k := h.keys[h.random.IntN(len(h.keys))]
	if r, err := h.Exchange(t.Context(), k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"}); err == nil {
		h.tokens = append(h.tokens, &traded{key: k.Key, id: k.Record.ID, parent: k.Record.Parent, token: r.Token})
	}
}

// act does something to one key, or to all.
func (h *history) act(t *testing.T) (name string) {
	t.Helper()
	k := h.keys[h.random.IntN(len(h.keys))]
	id := k.Record.ID
	below := true // its children too
	var err error
	switch h.random.IntN(9) {
	case 0:
		name = "disable"
		_, err = h.Disable(t.Context(), admin, id)
	case 1, 2, 3:
		name = "enable"
		_, err = h.Enable(t.Context(), admin, id)
		if err == nil {
			return name
		}
	case 4:
		name = "scopes"
		scopes := [][]string{{"a:*", "b:read"}, {"a:read"}, {"b:read"}, {"a:*"}}[h.random.IntN(4)]
		_, err = h.Update(t.Context(), admin, id, authority.Update{Scopes: &scopes})
	case 5:
		name, below = "rotate", false
		var issued authority.Issued
		grace := authority.Grace{AtMost: time.Duration(h.random.IntN(2)) * time.Hour}
		if issued, err = h.Rotate(t.Context(), admin, id, authority.RotateRequest{Grace: &grace, Force: true}); err == nil {
			k.Key = issued.Key
		}
	case 6:
		name, below = "end grace", false
		_, err = h.EndGrace(t.Context(), admin, id, true)
	case 7:
		if h.random.IntN(5) > 0 {
			return "nothing"
		}
		name = "policy"
		roles := map[string][]string{"reader": {[]string{"users:read", "users:*"}[h.random.IntN(2)]}}
		policy := authority.Policy{Exchange: &authority.ExchangePolicy{Life: 5 * time.Minute}, Roles: roles}
		if _, err = h.UpdateKeyspace(t.Context(), admin, authority.KeyspaceRequest{Name: "acme", Policy: &policy}); err != nil {
			t.Fatal(err)
		}
		for _, token := range h.tokens {
			token.touched = true
		}
		return name
	case 8:
		if h.random.IntN(4) > 0 {
			return "nothing"
		}
		name = "revoke"
		if _, err = h.Revoke(t.Context(), admin, id, ""); err == nil {
			fresh := h.issue(t, authority.IssueRequest{Scopes: []string{"a:*", "b:read"}, Roles: []string{"reader"}})
			*k = fresh
		}
	}
	if err != nil {
		return name + " refused"
	}
	for _, token := range h.tokens {
		token.touched = token.touched || token.id == id || below && token.parent == id
	}
	return name
}

// compare waits, no longer than is promised after an act has returned, until no VALID differs from what the authority says.
func (h *history) compare(t *testing.T, returned time.Time) {
	t.Helper()
	var left []*traded
	for _, token := range h.tokens {
		now, err := h.Verify(t.Context(), keywright.Ask{Key: token.key, Keyspace: "acme", DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		for {
			asked := time.Now()
			v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: token.token})
			if err != nil {
				time.Sleep(time.Millisecond) // it is late, and says so
				continue
			}
			if v.Valid() && (now.Valid() && within(now.Scopes, v.Scopes)) {
				left = append(left, token)
				break
			}
			if !v.Valid() {
				if !token.touched {
					t.Fatalf("%s, and nothing was taken away", v.Code)
				}
				break
			}
			if asked.Sub(returned) > historyAge {
				t.Fatalf("VALID with %v after %v: the authority says %s with %v", v.Scopes, asked.Sub(returned), now.Code, now.Scopes)
			}
			time.Sleep(time.Millisecond)
		}
	}
	h.tokens = left
}

func within(granted, scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !keywright.Includes(granted, s) })
}

// However exchange and revoke race, no token outlives the revoke for longer than is promised.
func TestOfflineRacesWithRevoke(t *testing.T) {
	h := newHouse(t, client.OfflineOptions{MaxAge: historyAge})
	for range 15 {
		k := h.issue(t, authority.IssueRequest{})
		var mu sync.Mutex
		var tokens []keywright.Secret
		var traders sync.WaitGroup
		for range 3 {
			traders.Go(func() {
				for {
					r, err := h.Exchange(t.Context(), k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
					if err != nil {
						return
					}
					mu.Lock()
					tokens = append(tokens, r.Token)
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
		if _, err := h.Revoke(t.Context(), admin, k.Record.ID, ""); err != nil {
			t.Fatal(err)
		}
		traders.Wait()
		for _, token := range tokens {
			h.becomes(t, token, keywright.Revoked, historyAge)
		}
	}
}
