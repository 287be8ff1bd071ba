// SPDX-License-Identifier: Apache-2.0

package cluster

import "encoding/binary"

// notification is the type of a NotificationResponse (PostgreSQL, Frontend/Backend Protocol, Message Formats).
const notification = 'A'

// notices reads what a server of PostgreSQL sends without TLS: messages of a byte for the type and four for the length,
// which counts itself. While its proxy is deaf it leaves out those that bring notices.
type notices struct {
	proxy  *proxy
	head   [5]byte
	have   int // bytes of head
	left   int // bytes of the message that are still to come
	eating bool
}

// pass returns what of a part of the stream goes on.
func (n *notices) pass(in []byte) []byte {
	out := make([]byte, 0, len(in)+len(n.head))
	for len(in) > 0 {
		if n.left == 0 {
			took := copy(n.head[n.have:], in)
			n.have += took
			in = in[took:]
			if n.have < len(n.head) {
				return out
			}
			n.have = 0
			n.left = max(int(binary.BigEndian.Uint32(n.head[1:]))-4, 0)
			if n.eating = n.proxy.eats(n.head[0]); !n.eating {
				out = append(out, n.head[:]...)
			}
			continue
		}
		took := min(n.left, len(in))
		if !n.eating {
			out = append(out, in[:took]...)
		}
		n.left -= took
		in = in[took:]
	}
	return out
}

// eats decides about a message, and counts notices.
func (p *proxy) eats(kind byte) bool {
	if kind != notification {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deaf {
		p.eaten++
	} else {
		p.passed++
	}
	return p.deaf
}
