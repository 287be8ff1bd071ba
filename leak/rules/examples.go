// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"crypto/sha256"
	"math/rand/v2"
	"strings"

	"github.com/keywright/keywright"
)

// An Example is a text and the key in it, which a scanner must find.
type Example struct{ Text, Key string }

// A Sense is what a scanner needs to see that a text holds no key.
type Sense uint8

const (
	ByShape    Sense = iota // the pattern is enough
	ByEntropy               // the random characters are all the same
	ByChecksum              // the checksum is wrong
)

// A NonExample is a text that holds no key, and why.
type NonExample struct {
	Text, Why string
	Sense     Sense
}

// seed makes examples the same in every file, for ever, and says to everyone that they are nobody's.
const seed = "keywright: examples that open nothing"

// A maker makes keys of a format from the fixed seed, in turn for each environment.
type maker struct {
	format       keywright.Format
	generator    *keywright.Generator
	environments []string
	made         int
}

func newMaker(f keywright.Format, environments []string) (*maker, error) {
	g, err := keywright.NewGenerator(f, rand.NewChaCha8(sha256.Sum256([]byte(seed))))
	return &maker{format: f, generator: g, environments: environments}, err
}

func (m *maker) key() (keywright.Key, error) {
	environment := ""
	if n := len(m.environments); n > 0 {
		environment = m.environments[m.made%n]
	}
	m.made++
	return m.generator.Next(environment)
}

// places are where keys leak; KEY stands for the key, NAME for the name of a variable.
var places = []string{
	`NAME=KEY`,
	`{"api_key": "KEY"}`,
	`curl https://api.example.com/v1/items?k=KEY&y=1`,
	`X_KEY`,
	`Authorization: Bearer KEY`,
	`"first line\nKEY\nlast line"`,
}

// place puts a key where one leaks.
func (m *maker) place(text, key string) string {
	name := strings.ToUpper(m.format.Prefix) + "_KEY"
	return strings.NewReplacer("NAME", strings.TrimPrefix(name, "_"), "KEY", key).Replace(text)
}

func (m *maker) examples() ([]Example, error) {
	var list []Example
	for _, text := range places {
		k, err := m.key()
		if err != nil {
			return nil, err
		}
		list = append(list, Example{Text: m.place(text, k.Reveal()), Key: k.Reveal()})
	}
	return list, nil
}

func (m *maker) nonExamples() ([]NonExample, error) {
	k, err := m.key()
	if err != nil {
		return nil, err
	}
	text, secret := k.Reveal(), k.Secret().Reveal()
	start := strings.LastIndex(text, secret)
	add := func(key, why string, sense Sense) NonExample {
		return NonExample{Text: m.place(places[0], key), Why: why, Sense: sense}
	}
	middle := start + len(secret)/2
	list := []NonExample{
		add(text[:middle], "cut off", ByShape),
		add(text[:middle]+"!"+text[middle+1:], "a character that is in no alphabet", ByShape),
		{Text: "x" + text, Why: "the end of a longer word", Sense: ByShape},
	}
	if !variable(&m.format) {
		list = append(list, add(strings.TrimRight(text, "=")+"A", "one character too many", ByShape))
	}
	if len(m.environments) > 0 {
		other := "elsewhere"
		at := len(m.format.Prefix)
		if at > 0 {
			at++
		}
		list = append(list, add(text[:at]+other+text[at+len(k.Environment()):], "no environment of these keys", ByShape))
	}
	list = append(list, add(m.filled(k), "a placeholder", ByEntropy))
	if k.Checksum() == keywright.ChecksumOK {
		list = append(list, add(mistyped(text), "a wrong checksum", ByChecksum))
	}
	return list, nil
}

// filled is a key whose random characters are all the same, as people write them in documents.
func (m *maker) filled(k keywright.Key) string {
	text, secret := []byte(k.Reveal()), k.Secret().Reveal()
	start := strings.LastIndex(string(text), secret)
	if id := k.PublicID(); id != "" {
		fill(text[start-1-len(id):start-1], m.format.ID.Encoding)
	}
	fill(text[start:start+len(secret)], m.format.Secret.Encoding)
	switch m.format.Checksum {
	case keywright.CRC32:
		fill(text[start+len(secret):], keywright.Base62)
	case keywright.Crockford4:
		fill(text[start+len(secret)+1:], keywright.Crockford)
	}
	return string(text)
}

// fill writes one character of the alphabet over a segment, and leaves its padding.
func fill(segment []byte, e keywright.Encoding) {
	with := byte('x')
	switch e {
	case keywright.Crockford:
		with = 'X'
	case keywright.Hex:
		with = '0'
	}
	for i, c := range segment {
		if c != '=' {
			segment[i] = with
		}
	}
}

// mistyped changes the last character of a checksum.
func mistyped(text string) string {
	last := byte('0')
	if text[len(text)-1] == last {
		last = '1'
	}
	return text[:len(text)-1] + string(last)
}
