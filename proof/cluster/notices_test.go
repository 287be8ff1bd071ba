// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func message(kind byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
}

// TestNoticesAreSwallowed cuts a stream everywhere: notices are left out while the proxy is deaf, and nothing else ever.
func TestNoticesAreSwallowed(t *testing.T) {
	row, notice, ready := message('D', "AAAAA"), message(notification, "\x00\x00\x00\x07feed\x00\x00"), message('Z', "I")
	empty := message('1', "")
	stream := bytes.Join([][]byte{row, notice, empty, notice, ready}, nil)
	for _, deaf := range []bool{false, true} {
		want := stream
		if deaf {
			want = bytes.Join([][]byte{row, empty, ready}, nil)
		}
		for size := 1; size <= len(stream); size++ {
			p := &proxy{deaf: deaf}
			n := &notices{proxy: p}
			var got []byte
			for rest := stream; len(rest) > 0; {
				take := min(size, len(rest))
				got = append(got, n.pass(rest[:take])...)
				rest = rest[take:]
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("deaf %v, in parts of %d: %q, and not %q", deaf, size, got, want)
			}
			if p.passed+p.eaten != 2 || (p.eaten == 2) != deaf {
				t.Fatalf("deaf %v: %d passed, %d swallowed", deaf, p.passed, p.eaten)
			}
		}
	}
}

func FuzzNotices(f *testing.F) {
	f.Add(message('D', "x"), 1)
	f.Add(message(notification, "xyz"), 2)
	f.Add([]byte("A\xff\xff\xff\xffx"), 3)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 {
			return
		}
		n := &notices{proxy: &proxy{}}
		var got []byte
		for rest := stream; len(rest) > 0; {
			take := min(size, len(rest))
			got = append(got, n.pass(rest[:take])...)
			rest = rest[take:]
		}
		if !bytes.HasPrefix(stream, got) || len(stream)-len(got) >= 5 {
			t.Fatalf("%q became %q", stream, got)
		}
	})
}
