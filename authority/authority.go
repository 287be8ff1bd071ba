// SPDX-License-Identifier: Apache-2.0

// Package authority rules over API keys: it issues, judges, changes and revokes them, and every act goes through it
// and leaves an event in the same transaction.
//
//	store, err := sqlite.Open(ctx, folder, sqlite.Options{})
//	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
//	issued, err := a.Issue(ctx, authority.Operator("app", authority.Origin{}), authority.IssueRequest{Name: "ci"})
//	verdict, err := a.Verify(ctx, keywright.Ask{Key: presented, Keyspace: "default"})
//
// Methods that change or show something take the caller first, decide whether it may, and record what was done.
// Verify takes an ask and no caller: a program asks about its own requests. What asks for others uses VerifyAs.
//
// Revocation: a verification that begins after Revoke has returned does not answer VALID. The same holds for every
// change that takes something away. The authority holds a complete table of the hashes it may have to judge and
// writes to it before a change returns; the store must be held by one process (as store/sqlite is).
//
// An error from Verify means that no judgement could be made. Refuse then, and never say that the key is bad.
package authority

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/rate"
	"github.com/keywright/keywright/authority/internal/table"
)

const (
	// DefaultKeyspace exists from the start, so that the first key needs no preparation.
	DefaultKeyspace = "default"
	// ReservedKeyspace holds the service keys, which guard the authority itself.
	ReservedKeyspace = "keywright"
)

// Options are what an authority works with. Store, Clock and Random are needed.
type Options struct {
	Store  Store
	Clock  func() time.Time // time.Now
	Random io.Reader        // crypto/rand.Reader
	Logger *slog.Logger     // nil: silent

	Sealer        Sealer        // seals what must be readable; nil: acts that need it say so
	RevocationLog RevocationLog // outside the store; nil: a store that is restored may revive what was revoked since
	Sender        Sender        // brings events to endpoints; nil: nothing is sent
	PersonalLife  time.Duration // personal fields of events are erased when they are older; 0: kept
	Observer      Observer      // is told of each call of the store; nil: nobody is

	Issuer         string        // of tokens, such as the URL of the server; empty: DefaultIssuer
	SigningKeyLife time.Duration // how long a key signs tokens; 0: DefaultSigningKeyLife

	SessionIdle time.Duration // a session without a request ends after it; 0: DefaultSessionIdle
	SessionLife time.Duration // a session ends after it; 0: DefaultSessionLife
}

// An Authority is safe for use by several goroutines. It is a keywright.Verifier.
type Authority struct {
	store  observed
	lease  Leaseholder // nil: the store needs none
	clock  func() time.Time
	random io.Reader    // for keys
	noise  *lockedNoise // for ids and salts
	log    *slog.Logger
	sealer Sealer

	frozen      atomic.Bool // the store was restored, and may have lost revocations: nothing is judged
	revocations *revocations

	issuer      string
	signing     signing
	signingLife time.Duration
	acting      *acting
	exchanges   exchanges

	sessionIdle, sessionLife time.Duration
	sessionsMu               sync.Mutex // held while sessions begin or end

	spaces   atomic.Pointer[map[string]*space]
	spacesMu sync.Mutex // writers of spaces

	table    *table.Table
	complete atomic.Bool // the table holds every hash of the store
	grants   table.Values[grant]
	owners   table.Texts
	scopes   table.Interned[*scopeSet]
	rules    table.Interned[*ruleSet]
	kinds    table.Interned[*kind]
	names    table.Interned[string] // of keyspaces

	peppers      peppers
	slow         *slowPool
	lineages     lineages
	ownersLoaded atomic.Bool // the index of every keyspace holds all owners
	meters       *rate.Meters
	metersLoaded atomic.Bool // all meters of the store were read
	bank         *bank
	graces       *graces
	uses         *useLog
	counted      *counting
	flushing     sync.Mutex
	strangers    chan stranger
	refused      chan refusal
	told         told
	due          atomic.Pointer[map[string]Due]
	couriers     couriers
	leaks        leakIndex
	watching     atomic.Pointer[watchList] // nil: no key leaked
	watchMu      sync.Mutex                // writers of watching, and of what was counted
	decoys       decoyUses

	lookups   singleflight.Group
	asked     atomic.Uint64  // lookups that went to the store
	records   [64]sync.Mutex // one change of a record at a time: locks by key id
	closeOnce sync.Once
	stop      context.CancelFunc // ends warming and housekeeping
	done      chan struct{}      // closed when warming has ended
	housekept chan struct{}      // closed when housekeeping has ended
	closing   chan struct{}      // closed when the bank takes no more orders
	closed    chan struct{}      // closed when the bank has ended
	chores    sync.WaitGroup     // further work in the background; ends when stop is called
}

var _ keywright.Verifier = (*Authority)(nil)

// Open returns an authority over a store. It makes the default and the reserved keyspace where they are missing, and
// fills its table in the background; until that is done, a key that is not in it costs one query.
func Open(ctx context.Context, o Options) (*Authority, error) {
	if o.Store == nil || o.Clock == nil || o.Random == nil {
		return nil, errors.New("authority.Open needs a Store, a Clock and Random")
	}
	if err := o.CheckTokens(); err != nil {
		return nil, err
	}
	if err := o.CheckSessions(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a, err := build(o)
	if err != nil {
		return nil, err
	}
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	warm, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	if err := a.loadEndpoints(warm); err != nil {
		stop()
		return nil, err
	}
	if o.Sender != nil {
		a.chores.Go(func() { a.watchChain(warm) })
	}
	go a.warm(warm)
	if o.PersonalLife > 0 {
		a.chores.Go(func() { a.forget(warm, o.PersonalLife) })
	}
	a.chores.Go(func() { a.keepGathering(warm) })
	go a.keepHouse(warm)
	go a.bank.run()
	return a, nil
}

// build returns an authority that knows nothing yet.
func build(o Options) (*Authority, error) {
	var seed [16]byte
	if _, err := io.ReadFull(o.Random, seed[:]); err != nil {
		return nil, fmt.Errorf("no randomness: %w", err)
	}
	a := &Authority{
		store: observe(o.Store, o.Observer), clock: o.Clock, random: o.Random, log: o.Logger, table: table.New(seed),
		noise: &lockedNoise{r: bufio.NewReader(o.Random)}, meters: rate.New(seed), graces: newGraces(), uses: newUseLog(),
		strangers: make(chan stranger, strangersWaiting), refused: make(chan refusal, strangersWaiting),
		done: make(chan struct{}), housekept: make(chan struct{}), closing: make(chan struct{}), closed: make(chan struct{}),
		sealer: o.Sealer, revocations: &revocations{log: o.RevocationLog}, slow: newSlowPool(),
		acting: newActing(), issuer: cmp.Or(o.Issuer, DefaultIssuer), signingLife: cmp.Or(o.SigningKeyLife, DefaultSigningKeyLife),
		couriers:    couriers{sender: o.Sender},
		sessionIdle: cmp.Or(o.SessionIdle, DefaultSessionIdle), sessionLife: cmp.Or(o.SessionLife, DefaultSessionLife),
	}
	a.lease, _ = o.Store.(Leaseholder)
	a.counted, a.bank = newCounting(a.names.At), newBank(a)
	return a, nil
}

// load reads what an authority knows before it answers.
func (a *Authority) load(ctx context.Context) error {
	if err := a.loadFreeze(ctx); err != nil {
		return err
	}
	if err := a.loadPeppers(ctx); err != nil {
		return err
	}
	if err := a.loadKeyspaces(ctx); err != nil {
		return err
	}
	if err := a.loadSigningKeys(ctx); err != nil {
		return err
	}
	if err := a.loadLeaks(ctx); err != nil {
		return err
	}
	if err := a.loadLeakUses(ctx); err != nil {
		return err
	}
	a.exchanges.begin(a)
	reached, err := a.lastSequence(ctx)
	if err != nil {
		return err
	}
	a.acting.asOf(reached)
	return nil
}

// Close ends the work in the background, and writes what was counted. It does not close the store. Verifications that
// come later get an error where they would have to spend credits.
func (a *Authority) Close() {
	a.closeOnce.Do(func() {
		a.stop()
		<-a.done
		<-a.housekept
		a.chores.Wait()
		close(a.closing)
		<-a.closed
		ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
		defer cancel()
		if err := errors.Join(a.Flush(ctx), a.writeLeakUses(ctx)); err != nil {
			a.log.Error("what was counted since the last writing could not be written", "error", err)
		}
		close(a.uses.closed)
	})
}

// Warm waits until the table is complete.
func (a *Authority) Warm(ctx context.Context) error {
	select {
	case <-a.done:
		if !a.complete.Load() {
			return errors.New("the table was not completed")
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// warm reads all records into the table, again and again until it succeeds.
func (a *Authority) warm(ctx context.Context) {
	defer close(a.done)
	scanner, ok := a.store.Store.(Scanner)
	if !ok {
		return
	}
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Minute) {
		broken := 0
		err := a.store.scan(ctx, scanner, func(r *Record) error {
			if err := a.resident(r, a.table.Fill); err != nil {
				a.log.Error("a record cannot be judged; its key gets an error until it is mended", "error", err)
				broken++
			}
			return nil
		})
		if err == nil {
			a.complete.Store(broken == 0)
			return
		}
		if ctx.Err() != nil {
			return
		}
		a.log.Error("reading all keys failed; unknown keys cost a query until it succeeds", "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Stats are figures about the table.
type Stats struct {
	Secrets  int    // hashes in the table
	Bytes    int    // of the table
	Shared   int    // bytes of owners and grants, which equal keys share
	Complete bool   // every hash of the store is in it
	Lookups  uint64 // verifications that had to ask the store
	Waiting  int    // verifications that are not counted in the store yet, nearly
	Orders   int    // spendings of credits that wait for their transaction
}

// Stats returns figures about the table.
func (a *Authority) Stats() Stats {
	return Stats{
		Secrets: a.table.Len(), Bytes: a.table.Bytes(), Shared: a.owners.Bytes() + a.grants.Bytes(),
		Complete: a.complete.Load(), Lookups: a.asked.Load(), Waiting: a.uses.waiting() + a.counted.waiting(), Orders: len(a.bank.orders),
	}
}

// now returns the time as it is stored: in UTC, to the millisecond.
func (a *Authority) now() time.Time { return a.clock().UTC().Truncate(time.Millisecond) }

// lock lets one change of a record be made at a time, from reading it to the table.
func (a *Authority) lock(id keywright.KeyID) func() {
	mu := &a.records[id[15]%byte(len(a.records))]
	mu.Lock()
	return mu.Unlock
}

// lockedNoise is randomness for what is not secret, read in blocks.
type lockedNoise struct {
	mu sync.Mutex
	r  io.Reader
}

func (n *lockedNoise) Read(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return io.ReadFull(n.r, p)
}
