// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"math"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// maxCount bounds what one call makes.
const maxCount = 100

// addStateless offers what needs neither a server nor a key: call_function does the same for anyone.
func (s *toolset) addStateless() {
	if s.offer.making {
		add(s, tool{
			name: "generate_key", title: "Generate keys",
			description: "Make 1 to 100 API keys that no server knows. Nothing is stored: give the service that checks them the storage hashes alone. " +
				"To make a key that this authority verifies, use issue_key.",
		}, generateKeys)
	}
	add(s, tool{
		name: "inspect_key", title: "Inspect a key", reads: true,
		description: "Tell what kind of key a text is: who issues it, whether its checksum is right, its strength and its storage hash. " +
			"It also knows the keys of GitHub, Stripe and others, and where to revoke them. It asks no server: whether the key is valid only verify_key knows.",
	}, inspectKey)
	add(s, tool{
		name: "scan_text", title: "Find keys in a text", reads: true,
		description: "Find API keys in a text by their prefixes and checksums: where they stand, masked, and who issues them. " +
			"A finding is no proof, and a text without one may still hold keys that carry no mark.",
	}, scanText)
}

type generateIn struct {
	Preset      string              `json:"preset,omitempty" doc:"The format to start from; keywright, where it is left out: prefix, environment, public id, 256 bits, checksum." enum:"keywright,public-id,unambiguous,secret-key,publishable-key,restricted-key,webhook-secret,service-token,personal-token,seam,seam-v4,alphanumeric"`
	Prefix      *string             `json:"prefix,omitempty" doc:"The label at the front; empty for none." example:"acme"`
	Environment string              `json:"environment,omitempty" doc:"The label after it; none for keys without one." example:"live"`
	Separator   string              `json:"separator,omitempty" doc:"One of _ - . : ~"`
	ID          *api.Part           `json:"id,omitempty" doc:"How the public id is written."`
	Secret      *api.Part           `json:"secret,omitempty" doc:"How the secret is written, and how long it is."`
	Checksum    *keywright.Checksum `json:"checksum,omitempty" enum:"none,crc32,crockford4" doc:"The segment that catches typing mistakes."`
	Count       int                 `json:"count,omitempty" minimum:"1" maximum:"100" doc:"How many keys; absent: 1."`
	destination
}

type generated struct {
	Keys        []api.Key     `json:"keys,omitempty" doc:"Only with reveal, in the order of made."`
	File        string        `json:"file,omitempty" doc:"The file of mode 0600 that holds the keys, one a line, in the order of made."`
	Made        []generatedID `json:"made" doc:"What may be known of each key."`
	EntropyBits float64       `json:"entropy_bits" doc:"Of each key."`
	Warnings    []string      `json:"warnings,omitempty" doc:"What the user of the format should know."`
}

type generatedID struct {
	PublicID    string         `json:"public_id,omitempty" doc:"The segment that may be logged."`
	Masked      string         `json:"secret_masked" doc:"What a person may be shown to recognise the key."`
	StorageHash keywright.Hash `json:"storage_hash" doc:"SHA-256, the only form in which a key should be stored."`
}

func generateKeys(_ context.Context, c *call, in *generateIn) (*generated, error) {
	if err := in.check(c); err != nil {
		return nil, err
	}
	if in.Count < 0 || in.Count > maxCount {
		return nil, invalid("count", "is out of range", "use 1 to 100")
	}
	wire := api.Format{Preset: in.Preset, Prefix: in.Prefix, Environment: in.Environment, Separator: in.Separator, ID: in.ID, Secret: in.Secret, Checksum: in.Checksum}
	format, err := wire.Resolve()
	if err == nil {
		format, err = format.Normalize()
	}
	if err != nil {
		return nil, err
	}
	generator, err := keywright.NewGenerator(format, c.random)
	if err != nil {
		return nil, invalid("preset", "is of keys that are not made here", "use another preset")
	}
	out := &generated{EntropyBits: rounded(format.Entropy()), Warnings: format.Warnings()}
	shown, file, err := in.hand(func() (keys []keywright.Secret, _ string, err error) {
		for range max(in.Count, 1) {
			k, err := generator.Next("")
			if err != nil {
				return nil, "", api.NewProblem(api.Internal, "", "no key was made", "the system's source of randomness failed")
			}
			keys = append(keys, k.Full())
			out.Made = append(out.Made, generatedID{k.PublicID(), k.Masked(), k.Hash()})
		}
		return keys, "", nil
	})
	if err != nil {
		return nil, err
	}
	for _, k := range shown {
		out.Keys = append(out.Keys, api.NewKey(k))
	}
	out.File = file
	return out, nil
}

type inspectIn struct {
	source
	Preset string `json:"preset,omitempty" doc:"Ask about this format or issuer alone, and hear what is wrong where the key is not of it." example:"github"`
}

type inspected struct {
	Candidates []candidate `json:"candidates" doc:"What the key can be, best first; empty: no kind that is known."`
}

// A candidate is one way to read a key. It holds no character of the secret.
type candidate struct {
	Preset      string         `json:"preset"`
	Issuer      string         `json:"issuer,omitempty" doc:"Who issues such keys; absent: a format of this house."`
	Kind        string         `json:"kind,omitempty" doc:"What its issuer calls it."`
	Opens       string         `json:"opens,omitempty" doc:"As far as the prefix says."`
	Revoke      string         `json:"revoke,omitempty" doc:"Where its issuer ends it."`
	Certainty   string         `json:"certainty" enum:"checksum,prefix,shape,guess" doc:"What speaks for it, the surest first."`
	Prefix      string         `json:"prefix,omitempty"`
	Environment string         `json:"environment,omitempty"`
	PublicID    string         `json:"public_id,omitempty"`
	Checksum    string         `json:"checksum" enum:"ok,wrong,none"`
	Damaged     bool           `json:"damaged,omitempty" doc:"The checksum proves that it was mistyped or cut off."`
	EntropyBits float64        `json:"entropy_bits"`
	Strength    string         `json:"strength"`
	StorageHash keywright.Hash `json:"storage_hash"`
	Masked      string         `json:"secret_masked"`
}

func candidateOf(c *keywright.Candidate) candidate {
	return candidate{
		Preset: c.Preset, Issuer: c.Issuer, Kind: c.Kind, Opens: c.Opens, Revoke: c.Revoke, Certainty: c.Certainty.String(),
		Prefix: c.Prefix, Environment: c.Environment, PublicID: c.PublicID, Checksum: c.Checksum.String(), Damaged: c.Damaged(),
		EntropyBits: rounded(c.EntropyBits), Strength: c.Strength, StorageHash: c.StorageHash, Masked: c.Masked,
	}
}

func inspectKey(_ context.Context, _ *call, in *inspectIn) (*inspected, error) {
	key, err := in.read()
	if err != nil {
		return nil, err
	}
	out := &inspected{Candidates: []candidate{}}
	if in.Preset == "" {
		for _, c := range keywright.Inspect(key) {
			out.Candidates = append(out.Candidates, candidateOf(&c))
		}
		return out, nil
	}
	c, err := inspectAs(key, in.Preset)
	if err != nil {
		return nil, err
	}
	out.Candidates = append(out.Candidates, candidateOf(&c))
	return out, nil
}

func inspectAs(key keywright.Secret, preset string) (keywright.Candidate, error) {
	if !slices.Contains(keywright.Presets(), preset) && !slices.Contains(keywright.Issuers(), preset) {
		return keywright.Candidate{}, invalid("preset", "is not known", "leave it out, to hear what kind of key this can be")
	}
	c, err := keywright.InspectAs(key, preset)
	if err != nil {
		return c, invalid("", err.Error(), "without preset it says what kind of key this can be")
	}
	return c, nil
}

type hashIn struct {
	source
	Preset string `json:"preset,omitempty" doc:"Hash as keys of this format are hashed: some cover the secret alone."`
}

type hashed struct {
	StorageHash keywright.Hash `json:"storage_hash" doc:"SHA-256, in hex."`
}

func hashKey(_ context.Context, _ *call, in *hashIn) (*hashed, error) {
	key, err := in.read()
	if err != nil {
		return nil, err
	}
	if in.Preset == "" || in.Preset == "opaque" {
		return &hashed{keywright.HashText(key.Reveal())}, nil
	}
	c, err := inspectAs(key, in.Preset)
	if err != nil {
		return nil, err
	}
	return &hashed{c.StorageHash}, nil
}

// rounded writes entropy to a tenth of a bit, never more than there is.
func rounded(bits float64) float64 { return math.Floor(bits*10) / 10 }
