// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"net"
	"sync"
	"time"
)

// A proxy is the network between one node and PostgreSQL. As a network may, it is cut, holds back what was sent, or is
// slow; and it can swallow the notices of PostgreSQL, and nothing else.
type proxy struct {
	listener net.Listener
	dial     func() (net.Conn, error)

	mu     sync.Mutex
	links  map[*link]bool
	cut    bool
	held   chan struct{} // not nil: nothing passes until it is closed
	delay  func() time.Duration
	deaf   bool
	passed int // notices that passed
	eaten  int // notices that did not
}

// A link is one connection through a proxy.
type link struct{ near, far net.Conn }

func (l *link) close() {
	_ = l.near.Close()
	_ = l.far.Close()
}

// newProxy listens on a port of its own, before a server that target names at each new connection.
func newProxy(target func() string) (*proxy, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, links: map[*link]bool{}, dial: func() (net.Conn, error) {
		return net.DialTimeout("tcp", target(), 5*time.Second)
	}}
	go p.accept()
	return p, nil
}

func (p *proxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *proxy) close() {
	_ = p.listener.Close()
	p.setCut(true)
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.join(near)
	}
}

func (p *proxy) join(near net.Conn) {
	far, err := p.dial()
	if err != nil {
		_ = near.Close()
		return
	}
	l := &link{near, far}
	p.mu.Lock()
	if p.cut {
		l.close()
	}
	p.links[l] = true
	p.mu.Unlock()
	go p.pump(l, near, far, nil)
	p.pump(l, far, near, &notices{proxy: p})
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// A piece is a part of a stream, and when it arrives.
type piece struct {
	bytes []byte
	due   time.Time
}

// pump carries one direction of a link, in order, each piece with a delay of its own.
func (p *proxy) pump(l *link, from, to net.Conn, filter *notices) {
	pieces := make(chan piece, 1024)
	go func() {
		defer l.close()
		for piece := range pieces {
			time.Sleep(time.Until(piece.due))
			p.wait()
			if _, err := to.Write(piece.bytes); err != nil {
				return
			}
		}
	}()
	defer close(pieces)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		bytes := append([]byte(nil), buffer[:n]...)
		if filter != nil {
			bytes = filter.pass(bytes)
		}
		if len(bytes) > 0 {
			pieces <- piece{bytes, time.Now().Add(p.lag())}
		}
		if err != nil {
			return
		}
	}
}

// wait returns when the network lets something through.
func (p *proxy) wait() {
	p.mu.Lock()
	held := p.held
	p.mu.Unlock()
	if held != nil {
		<-held
	}
}

func (p *proxy) lag() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.delay == nil {
		return 0
	}
	return p.delay()
}

// setCut ends all connections and takes no new ones, or takes them again.
func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for l := range p.links {
			l.close()
		}
	}
}

// setHeld lets nothing through any more, and ends no connection, as a network does that drops packets; or lets through
// what was held.
func (p *proxy) setHeld(held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case held && p.held == nil:
		p.held = make(chan struct{})
	case !held && p.held != nil:
		close(p.held)
		p.held = nil
	}
}

func (p *proxy) setDelay(delay func() time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

func (p *proxy) setDeaf(deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = deaf
}
