// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/keywright/keywright"
)

// What JavaScript is asked.
type (
	askFormats struct {
		Formats []keywright.Format `json:"formats"`
	}
	askJudgement struct {
		Format int    `json:"format"`
		Key    string `json:"key"`
		As     string `json:"as"`
	}
	askMake struct {
		Format int    `json:"format"`
		Make   int    `json:"make,omitempty"`
		Issued int    `json:"issued,omitempty"`
		Seed   uint32 `json:"seed"`
	}
)

// A madeThere is a key that JavaScript made, and what it thinks of it.
type madeThere struct {
	Row, Judged, JudgedDamaged json.RawMessage
	Key, Damaged               string
}

// A difference is shown whole: its keys were made for this alone.
type difference struct {
	seed         uint64
	what         string
	format       keywright.Format
	key          string
	here, either []byte
}

func (d *difference) Error() string {
	format, err := json.Marshal(d.format)
	if err != nil {
		format = []byte(err.Error())
	}
	at := 0
	for at < len(d.here) && at < len(d.either) && d.here[at] == d.either[at] {
		at++
	}
	return fmt.Sprintf("Go and JavaScript differ in %s, from character %d on; repeat with -seed %d -keys 1\n  format      %s\n  key         %q\n  Go          %s\n  JavaScript  %s",
		d.what, at+1, d.seed, format, d.key, d.here, d.either)
}

// batch compares formats, keys of either side and keys of other issuers, all of which follow from the seed.
func (j *counterpart) batch(seed uint64) (comparison, error) {
	j.counts = comparison{}
	dice := rand.New(rand.NewPCG(seed, 2))
	err := j.compareFormats(seed, dice)
	if err == nil {
		err = j.compareMadeHere(seed, dice)
	}
	if err == nil {
		err = j.compareMadeThere(seed, dice)
	}
	j.asking.Wait()
	return j.counts, err
}

// compareFormats normalizes formats on both sides, and keeps those that can be.
func (j *counterpart) compareFormats(seed uint64, dice *rand.Rand) error {
	raw := make([]keywright.Format, formatsOfABatch)
	for i := range raw {
		raw[i] = randomFormat(dice)
	}
	j.ask([]any{askFormats{raw}})
	j.formats = make([]keywright.Format, len(raw))
	for i, f := range raw {
		there, err := j.answer()
		if err != nil {
			return err
		}
		here, ok := normalized(f)
		if !bytes.Equal(here, there) {
			return &difference{seed, "a format", f, "", here, there}
		}
		if j.counts.refused++; ok {
			j.counts.refused--
			j.counts.formats++
			j.formats[i], _ = f.Normalize()
		}
	}
	return nil
}

// made returns the numbers of the formats of which keys are made.
func (j *counterpart) made() (numbers []int) {
	for i, f := range j.formats {
		if !f.Secret.None() && f.Secret.Encoding != keywright.Opaque {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// compareMadeHere lets both judge keys that Go makes, and damages, and texts that are held against an opaque format.
func (j *counterpart) compareMadeHere(seed uint64, dice *rand.Rand) error {
	var asks []askJudgement
	random := &stream{dice.Uint32()}
	for n, i := range j.made() {
		g, err := keywright.NewGenerator(j.formats[i], random)
		if err != nil {
			return err
		}
		for range keysOfAFormat {
			key, err := g.Next(pick(dice, "", "", "live", "test", "eu1", "production"))
			if err != nil {
				return err
			}
			text := key.Reveal()
			at := i
			if dice.IntN(50) == 0 {
				at = j.made()[(n+1)%len(j.made())] // held against another format
			}
			asks = append(asks, askJudgement{at, text, asName(dice, &j.formats[i])}, askJudgement{i, damaged(dice, text), asName(dice, &j.formats[i])})
			j.counts.madeHere++
		}
	}
	requests := make([]any, len(asks))
	for n, a := range asks {
		requests[n] = a
	}
	j.ask(requests)
	for n, a := range asks {
		there, err := j.answer()
		if err != nil {
			return err
		}
		if err := j.compare(seed, "what they think of a key that Go made", a, n%2 == 1, there); err != nil {
			return err
		}
	}
	return nil
}

// compareMadeThere lets JavaScript make keys, of formats and of other issuers. From the same bytes Go makes the same.
func (j *counterpart) compareMadeThere(seed uint64, dice *rand.Rand) error {
	asks := []askMake{}
	for _, i := range j.made() {
		asks = append(asks, askMake{Format: i, Make: keysOfAFormat, Seed: dice.Uint32()})
	}
	asks = append(asks, askMake{Format: dice.IntN(len(j.formats)), Issued: issuedOfABatch, Seed: dice.Uint32()})
	requests := make([]any, len(asks))
	for n, a := range asks {
		requests[n] = a
	}
	j.ask(requests)
	for _, a := range asks {
		var g *keywright.Generator
		var err error
		if a.Make > 0 {
			if g, err = keywright.NewGenerator(j.formats[a.Format], &stream{a.Seed}); err != nil {
				return err
			}
		}
		for range a.Make + a.Issued {
			if err := j.compareOne(seed, a, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareOne compares a key that JavaScript made with the one that Go makes, and what both think of it.
func (j *counterpart) compareOne(seed uint64, a askMake, g *keywright.Generator) error {
	line, err := j.answer()
	if err != nil {
		return err
	}
	var made madeThere
	if err := json.Unmarshal(line, &made); err != nil {
		return fmt.Errorf("seed %d: JavaScript answers %q: %w", seed, line, err)
	}
	j.counts.issued++
	if g != nil {
		j.counts.issued--
		j.counts.madeThere++
		key, err := g.Next("")
		if err != nil {
			return err
		}
		made.Key = key.Reveal()
		if here := rowOf(key); !bytes.Equal(here, made.Row) {
			return &difference{seed, "the key that is made of the same bytes", j.formats[a.Format], made.Key, here, made.Row}
		}
	}
	for n, text := range []string{made.Key, made.Damaged} {
		there := [][]byte{made.Judged, made.JudgedDamaged}[n]
		if err := j.compare(seed, "what they think of a key that JavaScript made", askJudgement{a.Format, text, askedAs(there)}, n == 1, there); err != nil {
			return err
		}
	}
	return nil
}

// compare holds what JavaScript thinks of a text against what Go does.
func (j *counterpart) compare(seed uint64, what string, a askJudgement, damaged bool, there []byte) error {
	f := j.formats[a.Format]
	if f.Secret.None() {
		f = keywright.Format{Secret: keywright.Part{Encoding: keywright.Opaque}}
	}
	judged := judgeText(&f, a.Key, a.As)
	here, err := jsonText(judged)
	if err != nil {
		return err
	}
	if !bytes.Equal(here, there) {
		return &difference{seed, what, f, a.Key, here, there}
	}
	j.count(&judged, damaged)
	return nil
}

// count notes what was compared.
func (j *counterpart) count(judged *judgement, damaged bool) {
	if damaged {
		j.counts.damaged++
		if judged.key == nil {
			j.counts.noticed++
		} else if judged.key.Checksum() == keywright.ChecksumWrong {
			j.counts.wrongSums++
		}
	}
	j.counts.candidates += len(judged.found)
	if len(judged.found) == 0 {
		j.counts.none++
	} else if judged.found[0].Certainty == keywright.ByChecksum {
		j.counts.byChecksum++
	}
}
