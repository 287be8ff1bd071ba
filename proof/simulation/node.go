// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// term is how long the lease of a node runs.
const term = time.Second

// A process is an authority from its start until it is killed.
type process struct {
	number int // of all that were started
	gate   *gate
	clock  *clock
	link   *link

	mu        sync.Mutex
	authority *authority.Authority // nil: it is starting
	killed    bool
}

// noise is randomness that can be had again.
type noise struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (n *noise) Read(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.from.Read(p)
}

// boot starts a process in the place of a node, and returns before it is ready.
func (w *world) boot(place int) {
	w.mu.Lock()
	w.started++
	p := &process{number: w.started, gate: &gate{}}
	p.clock = &clock{gate: p.gate}
	p.link = newLink(w.hub, p.number, w.lots, p.gate)
	w.places[place] = p
	w.all = append(w.all, p)
	w.mu.Unlock()
	w.tasks.Go(func() {
		for !p.dead() {
			a, err := w.open(p)
			if err == nil {
				p.mu.Lock()
				p.authority = a
				p.mu.Unlock()
				w.note("process %d is open", p.number)
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

func (w *world) open(p *process) (*authority.Authority, error) {
	var seed [32]byte
	copy(seed[:], fmt.Sprint(uint64(w.lots), " ", p.number))
	return authority.Open(context.Background(), authority.Options{
		Store: p.link, Clock: p.clock.now, Random: &noise{from: rand.NewChaCha8(seed)},
		Node: authority.NodeOptions{Name: fmt.Sprint("process ", p.number), Lease: term, Awake: func() time.Duration {
			p.gate.pass()
			return time.Since(w.began)
		}},
	})
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// kill ends the process: nothing that it does is seen by anybody any more.
func (p *process) kill() {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	p.link.set(func(l *link) { l.dead = true })
	p.gate.set(false)
	_ = p.link.hub.within(func() error { delete(p.link.hub.heard, p.link); return nil })
}

// at returns the process that is in the place of a node, and its authority, or nil where that is not open.
func (w *world) at(place int) (*process, *authority.Authority) {
	w.mu.Lock()
	p := w.places[place]
	w.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p, p.authority
}

// verify asks a node as a client does: a process that is stopped neither reads nor answers, and one that was killed
// never does.
func (w *world) verify(place int, s *subject) {
	p, a := w.at(place)
	if a == nil {
		return
	}
	began := time.Now()
	p.gate.pass()
	if p.dead() {
		return
	}
	verdict, err := a.Verify(context.Background(), s.ask)
	p.gate.pass()
	if p.dead() {
		return
	}
	ended := time.Now()
	if err != nil {
		w.unjudged.Add(1)
		return
	}
	s.right.Answered(place, began, ended, verdict.Code == keywright.Valid)
	if verdict.Code == keywright.Valid {
		s.valid[place].Store(true)
	}
}
