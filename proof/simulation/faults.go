// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// disturb does faults, some at the same time, and then mends everything.
func (w *world) disturb() {
	d := w.lots.of("faults")
	for _, p := range w.all { // some networks are never good
		if d.IntN(3) == 0 {
			p.link.set(func(l *link) { l.deaf = d.Float64() })
		}
		if d.IntN(4) == 0 {
			p.link.set(func(l *link) { l.loss = d.Float64() * 0.1 })
		}
	}
	often := time.Duration(1+d.IntN(4)) * 500 * time.Millisecond
	for time.Since(w.began) < faultsFor {
		time.Sleep(time.Duration(d.Int64N(int64(often))))
		place := d.IntN(len(w.places))
		dice := rand.New(rand.NewPCG(d.Uint64(), 1))
		p, a := w.at(place)
		if a == nil {
			continue
		}
		w.tasks.Go(func() { w.fault(place, p, dice) })
	}
	time.Sleep(4 * time.Second) // the longest fault
	w.mu.Lock()
	all := w.all
	w.mu.Unlock()
	for _, p := range all {
		p.link.set(func(l *link) { l.loss, l.deaf, l.slow, l.cut = 0, 0, 0, false })
		p.gate.set(false)
	}
	w.note("everything is mended")
}

// fault does one fault to one process, and ends it.
func (w *world) fault(place int, p *process, d *rand.Rand) {
	lasts := 50*time.Millisecond + time.Duration(d.Int64N(int64(3*time.Second)))
	kind := d.IntN(7)
	w.mu.Lock()
	w.faults = append(w.faults, fmt.Sprintf("%d to node %d for %s", kind, place, lasts))
	w.mu.Unlock()
	switch kind {
	case 0, 1:
		w.note("process %d is stopped for %s", p.number, lasts)
		p.gate.set(true)
		time.Sleep(lasts)
		p.gate.set(false)
		w.note("process %d goes on", p.number)
	case 2, 3:
		w.note("process %d is cut off for %s", p.number, lasts)
		p.link.set(func(l *link) { l.cut = true })
		time.Sleep(lasts)
		p.link.set(func(l *link) { l.cut = false })
	case 4:
		w.note("the network of process %d is slow for %s", p.number, lasts)
		p.link.set(func(l *link) { l.slow = 10*time.Millisecond + time.Duration(d.Int64N(int64(490*time.Millisecond))) })
		time.Sleep(lasts)
		p.link.set(func(l *link) { l.slow = 0 })
	case 5:
		by := time.Duration(d.NormFloat64() * float64(10*time.Second))
		w.note("the clock of process %d is moved by %s", p.number, by)
		p.clock.move(by)
	case 6:
		w.note("process %d is killed", p.number)
		p.kill()
		time.Sleep(lasts / 4)
		w.boot(place)
	}
}
