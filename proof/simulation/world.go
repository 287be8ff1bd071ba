// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/proof/history"
)

const (
	faultsFor  = 6 * time.Second // then everything is mended
	afterwards = 3 * time.Second // and asked about for so long, when the last right has ended
	keys       = 5
	mostNodes  = 4
)

// A world is one simulation.
type world struct {
	lots     lots
	hub      *hub
	law      history.Law
	began    time.Time
	tasks    sync.WaitGroup // that end by themselves
	asking   sync.WaitGroup
	stop     chan struct{} // ends those that ask
	unjudged atomic.Uint64

	mu       sync.Mutex
	places   []*process
	all      []*process
	started  int
	subjects []*subject
	faults   []string
	log      []string
}

// A Result is what a seed has shown.
type Result struct {
	Sum      history.Sum
	Unjudged uint64   // verifications that got an error
	Faults   []string // in order
	Log      []string // what happened, in order
}

// A subject is a right and the ask about it.
type subject struct {
	right *history.Right
	ask   keywright.Ask
	valid [mostNodes]atomic.Bool
	shy   bool // nobody asks about it before it is being taken away: until then no node has it in mind
	going atomic.Bool
	gone  atomic.Int64 // when it ended, after the beginning; 0: it has not
}

// simulate runs one seed. It must be called where time does not pass by itself (testing/synctest).
func simulate(seed uint64) (Result, error) {
	w := &world{lots: lots(seed), began: time.Now(), stop: make(chan struct{})}
	time.Sleep(time.Millisecond) // no moment is the beginning
	var err error
	if w.hub, err = newHub(context.Background()); err != nil {
		return Result{}, err
	}
	d := w.lots.of("world")
	w.places = make([]*process, 2+d.IntN(mostNodes-1))
	for place := range w.places {
		w.boot(place)
	}
	w.tasks.Wait()
	for place := range w.places {
		w.asking.Go(func() { w.keepAsking(place) })
	}
	w.tasks.Go(w.disturb)
	for i := range keys {
		w.tasks.Go(func() { w.live(i) })
	}
	w.tasks.Wait()
	time.Sleep(afterwards)
	w.recovered()
	close(w.stop)
	w.asking.Wait()
	w.close()
	return Result{Sum: w.law.Sum(), Unjudged: w.unjudged.Load(), Faults: w.faults, Log: w.log}, nil
}

func (w *world) close() {
	for _, p := range w.all {
		if p.authority != nil {
			p.authority.Close()
		}
	}
	_ = w.hub.store.Close() // nobody needs it any more
}

// note writes down what happened.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := fmt.Sprintf("%12s  ", time.Since(w.began)) + fmt.Sprintf(format, args...)
	w.log = append(w.log, text)
}

// keepAsking asks one node about everything: all the time while something is being taken away, and else now and then. A
// node that does not answer is asked on.
func (w *world) keepAsking(place int) {
	d := w.lots.of(fmt.Sprint("asker ", place))
	for n := 0; ; n++ {
		w.mu.Lock()
		subjects := w.subjects
		w.mu.Unlock()
		hot := false
		for i, s := range subjects {
			going, gone := s.going.Load(), s.gone.Load()
			hot = hot || going && gone == 0
			since := int64(time.Since(w.began)) - gone
			if s.shy && !going {
				continue
			}
			if gone == 0 || since < int64(300*time.Millisecond) || n%16 == 0 {
				w.asking.Go(func() {
					time.Sleep(time.Duration(1+i) * 10 * time.Microsecond) // one after the other, so that a seed repeats
					w.verify(place, s)
				})
			}
		}
		pause := 20*time.Millisecond + time.Duration(d.Int64N(int64(10*time.Millisecond)))
		if hot {
			pause = time.Millisecond + time.Duration(d.Int64N(int64(2*time.Millisecond)))
		}
		if p, _ := w.at(place); p.stopped() {
			pause = 40 * time.Millisecond
		}
		select {
		case <-w.stop:
			return
		case <-time.After(pause):
		}
	}
}

func (p *process) stopped() bool {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return p.gate.shut != nil
}

// mostTries is how often an act is tried: by then everything is mended.
const mostTries = 5000

// act does something through nodes drawn by chance until one says that it is done, and returns when that was. What a
// process does that is killed meanwhile is not heard of. Where nothing is left to do for it, because it was done without a
// word, nobody has said that it is true everywhere: ok is then false.
func (w *world) act(d *rand.Rand, name string, do func(context.Context, *authority.Authority) error) (returned time.Time, ok bool) {
	for range mostTries {
		place := d.IntN(len(w.places))
		p, a := w.at(place)
		if a != nil {
			p.gate.pass()
			err := w.within(d, name, a, do)
			p.gate.pass()
			if err == nil && !p.dead() {
				w.note("%s: done by process %d", name, p.number)
				return time.Now(), true
			}
			w.note("%s: process %d: %v", name, p.number, err)
			var told *authority.Error
			if errors.As(err, &told) && told.Kind == authority.Conflicting {
				return time.Now(), false
			}
		}
		time.Sleep(5*time.Millisecond + time.Duration(d.Int64N(int64(10*time.Millisecond))))
	}
	w.law.Breach("%s could not be done", name)
	return time.Now(), false
}

var errImpatient = errors.New("the client did not wait for the answer")

// within does an act. Now and then a client does not wait for the answer when it takes something away for good: it asks
// another node, and the first goes on.
func (w *world) within(d *rand.Rand, name string, a *authority.Authority, do func(context.Context, *authority.Authority) error) error {
	patient := d.IntN(3) > 0 || !strings.HasSuffix(name, "revoke") && !strings.HasSuffix(name, "narrow")
	done := make(chan error, 1)
	w.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		defer cancel()
		done <- do(ctx, a)
	})
	if patient {
		return <-done
	}
	select {
	case err := <-done:
		return err
	case <-time.After(time.Millisecond + time.Duration(d.Int64N(int64(30*time.Millisecond)))):
		return errImpatient
	}
}

// recovered looks whether every node judges again, now that everything is mended.
func (w *world) recovered() {
	for place := range w.places {
		p, a := w.at(place)
		if a == nil {
			w.law.Breach("process %d did not open, long after everything was mended", p.number)
			continue
		}
		_, err := a.Verify(context.Background(), keywright.Ask{Keyspace: authority.DefaultKeyspace, Key: keywright.NewSecret("none")})
		if err != nil {
			w.law.Breach("process %d judges nothing, long after everything was mended: %v", p.number, err)
		}
	}
}
