// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/proof/history"
)

const (
	lingers     = 2500 * time.Millisecond // how long a right is asked about all the time after its end
	mostOld     = 200_000                 // rights that are asked about now and then after that
	oldPerBatch = 4
	mostPerKind = 16 // lines of a batch about rights that stay, and as many about those that ended
)

// A subject is a right, and the line of a batch that asks about it.
type subject struct {
	right *history.Right
	ask   api.VerifyRequest
	line  []byte          // that asks it in a batch
	state atomic.Int32    // staying, going or gone
	gone  time.Time       // set before the state is
	valid []atomic.Uint32 // for each node, how often it was VALID
}

const (
	staying = iota
	going   // the act that takes it away is on its way
	gone
)

func newSubject(l *history.Law, name string, given time.Time, nodes int, ask api.VerifyRequest) *subject {
	ask.Keyspace = authority.DefaultKeyspace
	text, err := json.Marshal(ask)
	if err != nil {
		l.Breach("%s cannot be asked about: %v", name, err)
	}
	return &subject{right: l.Give(name, given), ask: ask, line: append(text, '\n'), valid: make([]atomic.Uint32, nodes)}
}

// taking is called before an act is sent that takes the right away.
func (s *subject) taking() {
	s.right.Taking(time.Now())
	s.state.Store(going)
}

// taken is called with the time at which that act has returned.
func (s *subject) taken(returned time.Time) {
	s.right.Taken(returned)
	s.gone = returned
	s.state.Store(gone)
}

// everywhere reports whether each of the nodes has found it VALID.
func (s *subject) everywhere(but func(node int) bool) bool {
	for node := range s.valid {
		if s.valid[node].Load() == 0 && !but(node) {
			return false
		}
	}
	return true
}

// A watch holds what is asked about.
type watch struct {
	mu   sync.Mutex
	hot  []*subject
	old  []*subject
	left int // that fell out of old
}

func (w *watch) add(subjects ...*subject) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hot = append(w.hot, subjects...)
}

// drop forgets a right whose later fate is not watched.
func (w *watch) drop(s *subject) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.hot, s); i >= 0 {
		w.hot = slices.Delete(w.hot, i, i+1)
	}
}

// age moves what ended a while ago to what is asked about now and then.
func (w *watch) age(dice *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hot = slices.DeleteFunc(w.hot, func(s *subject) bool {
		if s.state.Load() != gone || time.Since(s.gone) < lingers {
			return false
		}
		if len(w.old) < mostOld {
			w.old = append(w.old, s)
		} else {
			w.old[dice.IntN(mostOld)] = s
			w.left++
		}
		return true
	})
}

// pick chooses what a batch asks about: everything that is being taken away, and some of the rest.
func (w *watch) pick(dice *rand.Rand) []*subject {
	w.mu.Lock()
	defer w.mu.Unlock()
	var picked []*subject
	count := [3]int{}
	if len(w.hot) > 0 {
		from := dice.IntN(len(w.hot))
		for i := range w.hot {
			s := w.hot[(from+i)%len(w.hot)]
			state := s.state.Load()
			if state == going || count[state] < mostPerKind {
				count[state]++
				picked = append(picked, s)
			}
		}
	}
	for range min(oldPerBatch, len(w.old)) {
		picked = append(picked, w.old[dice.IntN(len(w.old))])
	}
	return picked
}

// all returns everything that is still known.
func (w *watch) all() []*subject {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(slices.Clone(w.hot), w.old...)
}
