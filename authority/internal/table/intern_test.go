// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestInternedGivesOneNumberToEqualValues(t *testing.T) {
	var in Interned[string]
	text := func(s string) func() string { return func() string { return s } }
	a, b := in.Number("a", text("a")), in.Number("b", text("b"))
	if a == b || in.Number("a", text("other")) != a || in.At(a) != "a" || in.At(b) != "b" || in.Len() != 2 {
		t.Errorf("%d %d %d", a, b, in.Len())
	}
}

func TestValuesGiveOneNumberToEqualValues(t *testing.T) {
	var values Values[[2]uint32]
	const n = 3*chunkLen + 1
	for range 2 {
		for i := range uint32(n) {
			if got := values.Number([2]uint32{i % 7, i}); got != i {
				t.Fatalf("value %d has the number %d", i, got)
			}
		}
	}
	for i := range uint32(n) {
		if got := values.At(i); got != [2]uint32{i % 7, i} {
			t.Fatalf("%d: %v", i, got)
		}
	}
	if values.Len() != n || values.Bytes() < 13*n {
		t.Errorf("%d values in %d bytes", values.Len(), values.Bytes())
	}
}

// Texts of every length: none, those with one and with two bytes of length, those longer than a chunk.
func TestTextsGiveOneNumberToEqualTexts(t *testing.T) {
	var texts Texts
	var want []string
	for _, length := range []int{0, 1, 2, 127, 128, 129, 16_384, textBytes - 3, textBytes, textBytes + 1, 3 * textBytes} {
		for _, letter := range []string{"a", "ß"} {
			if length > 0 || letter == "a" {
				want = append(want, strings.Repeat(letter, length), strings.Repeat(letter, length)+"z")
			}
		}
	}
	for i := range 20_000 {
		want = append(want, fmt.Sprint("team_", i))
	}
	numbers := map[uint32]string{}
	for _, text := range want {
		n, ok := texts.Number(text)
		if other, taken := numbers[n]; !ok || taken && other != text {
			t.Fatalf("a text of %d bytes: %v, %v", len(text), ok, taken)
		}
		numbers[n] = text
	}
	for n, text := range numbers {
		if again, ok := texts.Number(text); !ok || again != n || texts.At(n) != text {
			t.Fatalf("a text of %d bytes: %d, then %d", len(text), n, again)
		}
	}
	if texts.Len() != len(numbers) {
		t.Errorf("%d texts, want %d", texts.Len(), len(numbers))
	}
}

func TestTextsKeepACopy(t *testing.T) {
	var texts Texts
	given := []byte("team_7")
	n, _ := texts.Number(string(given))
	copy(given, "other!")
	if texts.At(n) != "team_7" {
		t.Error("a text changed")
	}
}

// What a reader was told the number of is there, whole, while others are added.
func TestReadersOfSharedThings(t *testing.T) {
	var texts Texts
	var values Values[uint64]
	type told struct{ text, value, i uint32 }
	put := make(chan told, 100)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			for p := range put {
				if got := texts.At(p.text); got != fmt.Sprint("owner ", p.i) {
					t.Errorf("%d: %q", p.i, got)
				}
				if got := values.At(p.value); got != uint64(p.i)<<32 {
					t.Errorf("%d: %d", p.i, got)
				}
			}
		})
	}
	for i := range uint32(30_000) {
		text, _ := texts.Number(fmt.Sprint("owner ", i))
		put <- told{text, values.Number(uint64(i) << 32), i}
	}
	close(put)
	wait.Wait()
}

// Two hundred thousand keys, each with an owner of its own, are some hundred objects to the collector.
func TestFewObjectsForManyKeys(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := New([16]byte{1})
	var texts Texts
	var values Values[[4]uint32]
	const n = 200_000
	for i := range n {
		owner, _ := texts.Number(fmt.Sprint("customer_", i))
		table.Put(hashOf(i), idOf(i), NewState(0, 0, values.Number([4]uint32{owner})))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if objects := int64(after.HeapObjects) - int64(before.HeapObjects); objects > n/100 {
		t.Errorf("%d objects", objects)
	}
	perKey := float64(after.HeapAlloc-before.HeapAlloc) / n
	if own := float64(table.Bytes()+texts.Bytes()+values.Bytes()) / n; perKey < own*0.9 || perKey > own*1.1+2 {
		t.Errorf("%.1f bytes a key on the heap, %.1f told", perKey, own)
	}
	runtime.KeepAlive(table)
	t.Logf("%.1f bytes a key: slots %.1f, owners %.1f, grants %.1f", perKey,
		float64(table.Bytes())/n, float64(texts.Bytes())/n, float64(values.Bytes())/n)
}
