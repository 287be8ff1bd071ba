// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"sync"
	"time"
)

// looks lets all acts that wait share their questions for the nodes: one is under way at a time, however many wait.
type looks struct {
	mu   sync.Mutex
	next *look // that has not begun: whoever joins it asks from now on
	busy latch // of the one under way
}

// A look is one question. Its answer is read only.
type look struct {
	done  chan struct{}
	nodes []Node
	head  ChainHead
	err   error
}

// look asks for the nodes as they are from now on, and not for long: the answer may never come.
func (m *member) look(ctx context.Context) ([]Node, ChainHead, error) {
	m.looks.mu.Lock()
	l := m.looks.next
	if l == nil {
		l = &look{done: make(chan struct{})}
		m.looks.next = l
		go m.ask(context.WithoutCancel(ctx), l)
	}
	m.looks.mu.Unlock()
	late := time.NewTimer(m.node.Term)
	defer late.Stop()
	select {
	case <-l.done:
		return l.nodes, l.head, l.err
	case <-late.C:
		return nil, ChainHead{}, context.DeadlineExceeded
	}
}

func (m *member) ask(ctx context.Context, l *look) {
	m.looks.busy.Lock()
	defer m.looks.busy.Unlock()
	m.looks.mu.Lock()
	m.looks.next = nil // who comes now came after the question
	m.looks.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, m.node.Term)
	defer cancel()
	l.nodes, l.head, l.err = m.cluster.Nodes(ctx)
	close(l.done)
}
