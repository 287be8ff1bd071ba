// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// An ack is what the child says once an act has returned.
type ack struct {
	Act string `json:"act"` // issue, rotate, revoke, valid
	ID  string `json:"id"`
	Key string `json:"key,omitempty"` // of issue and rotate; the keys are of a store that is thrown away
}

// A known key is what the parent tells the child of a key that it may use.
type known struct {
	ID      string `json:"id"`
	Key     string `json:"key"`
	Counted bool   `json:"counted"`
}

const firstCredits = 50 // of a key that has credits

// points are where a child can be told to kill itself, the n-th time it comes there.
var points = []string{"before apply", "after apply", "before spend", "after spend", "before count", "after count"}

// A trap is a store that kills its process at a point.
type trap struct {
	*sqlite.Store
	point string
	left  atomic.Int64
}

func (t *trap) at(point string) {
	if point == t.point && t.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // it is on its way
	}
}

func (t *trap) Apply(ctx context.Context, c authority.Change) error {
	t.at("before apply")
	err := t.Store.Apply(ctx, c)
	t.at("after apply")
	return err
}

func (t *trap) Spend(ctx context.Context, s []authority.Spending) ([]authority.Spent, error) {
	t.at("before spend")
	spent, err := t.Store.Spend(ctx, s)
	t.at("after spend")
	return spent, err
}

func (t *trap) Count(ctx context.Context, tally authority.Tally) error {
	t.at("before count")
	err := t.Store.Count(ctx, tally)
	t.at("after count")
	return err
}

// crashChild acts until it is killed: crash-child FOLDER POINT N, with the keys it may use on standard input.
func crashChild(args []string) error {
	var keys []known
	if err := json.NewDecoder(os.Stdin).Decode(&keys); err != nil {
		return err
	}
	ctx := context.Background()
	inner, err := sqlite.Open(ctx, args[0], sqlite.Options{Holder: "proof"})
	if err != nil {
		return err
	}
	store := &trap{Store: inner, point: args[1]}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	store.left.Store(int64(n))
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	c := &child{a: a, keys: keys}
	fmt.Println("{}") // ready
	var wg sync.WaitGroup
	for range spenders {
		wg.Go(func() { c.loop(c.spend) })
	}
	wg.Go(func() { c.loop(c.act) })
	wg.Go(func() { c.loop(func() error { time.Sleep(3 * time.Millisecond); return a.Flush(ctx) }) })
	wg.Wait()
	return c.failed
}

const spenders = 3

type child struct {
	a      *authority.Authority
	mu     sync.Mutex
	keys   []known
	failed error
}

func (c *child) loop(do func() error) {
	for {
		if err := do(); err != nil {
			c.mu.Lock()
			c.failed = err
			c.mu.Unlock()
			return
		}
	}
}

// say tells the parent, in one write.
func say(a ack) {
	line, _ := json.Marshal(a)
	_, _ = os.Stdout.Write(append(line, '\n'))
}

func dice(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err)
	}
	return int(v.Int64())
}

// pick returns one of the keys, and takes it away if nobody else shall have it meanwhile.
func (c *child) pick(counted, take bool) (known, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keys) == 0 {
		return known{}, false
	}
	from := dice(len(c.keys))
	for i := range c.keys {
		n := (from + i) % len(c.keys)
		if k := c.keys[n]; k.Counted == counted {
			if take {
				c.keys = append(c.keys[:n:n], c.keys[n+1:]...)
			}
			return k, true
		}
	}
	return known{}, false
}

func (c *child) add(k known) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, k)
}

var operator = authority.Operator("proof", authority.Origin{})

// act issues, rotates or revokes.
func (c *child) act() error {
	ctx := context.Background()
	verb := dice(4)
	k, ok := c.pick(verb == 0, true)
	id, err := keywright.ParseKeyID(k.ID)
	switch {
	case !ok || verb > 2:
		q := authority.IssueRequest{}
		if verb%2 == 1 {
			q.Credits = &authority.CreditsRequest{Remaining: firstCredits}
		}
		issued, err := c.a.Issue(ctx, operator, q)
		if err != nil {
			return err
		}
		if ok {
			c.add(k)
		}
		made := known{ID: issued.Record.ID.String(), Key: issued.Key.Reveal(), Counted: q.Credits != nil}
		act := "issue"
		if made.Counted {
			act = "issue counted"
		}
		say(ack{act, made.ID, made.Key})
		c.add(made)
		return nil
	case err != nil:
		return err
	case verb == 2:
		if _, err := c.a.Revoke(ctx, operator, id, ""); err != nil {
			return err
		}
		say(ack{Act: "revoke", ID: k.ID})
		return nil
	}
	issued, err := c.a.Rotate(ctx, operator, id, authority.RotateRequest{Grace: &authority.Grace{}})
	if err != nil {
		return err
	}
	k.Key = issued.Key.Reveal()
	say(ack{"rotate", k.ID, k.Key})
	c.add(k)
	return nil
}

// spend verifies a key that has credits.
func (c *child) spend() error {
	k, ok := c.pick(true, false)
	if !ok {
		time.Sleep(time.Millisecond)
		return nil
	}
	v, err := c.a.Verify(context.Background(), keywright.Ask{Key: keywright.NewSecret(k.Key), Keyspace: authority.DefaultKeyspace})
	if err == nil && v.Valid() {
		say(ack{Act: "valid", ID: k.ID})
	}
	return err
}
