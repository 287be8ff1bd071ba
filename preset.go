// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"fmt"
	"slices"
	"strings"
)

// DefaultPreset is the format to use where nothing speaks for another.
const DefaultPreset = "keywright"

var presetNames = []string{
	"keywright", "public-id", "unambiguous", "secret-key", "publishable-key", "restricted-key",
	"webhook-secret", "service-token", "personal-token", "seam", "seam-v4", "alphanumeric", "opaque",
}

var presets = map[string]Format{
	// acme_live_ + 12 base62 id + _ + 43 base62 secret + 6 crc32: 256 bits, selected whole by a double click, and with
	// GitHub's checksum, so that scanners which know it verify offline.
	"keywright": {
		Prefix: "key", Environment: "live", ID: Part{Encoding: Base62, Chars: 12},
		Secret: Part{Encoding: Base62, Chars: 43}, Checksum: CRC32,
	},
	"public-id": {
		Prefix: "st", Environment: "live", ID: Part{Encoding: Crockford, Bytes: 5},
		Secret: Part{Encoding: Base64URL, Bytes: 32}, Checksum: Crockford4,
	},
	"unambiguous":     {Prefix: "key", Secret: Part{Encoding: Base55, Chars: 32}, Hash: CoverSecret},
	"secret-key":      {Prefix: "sk", Environment: "live", Secret: Part{Encoding: Base62, Chars: 32}},
	"publishable-key": {Prefix: "pk", Environment: "live", Secret: Part{Encoding: Base62, Chars: 24}, Publishable: true},
	"restricted-key":  {Prefix: "rk", Environment: "live", Secret: Part{Encoding: Base62, Chars: 32}},
	"webhook-secret":  {Prefix: "whsec", Secret: Part{Encoding: Base64, Bytes: 32}},
	"service-token":   {Prefix: "svc", Secret: Part{Encoding: Base62, Chars: 48}},
	"personal-token":  {Prefix: "pat", Secret: Part{Encoding: Base62, Chars: 36}},
	"seam": {
		Prefix: "key", ID: Part{Encoding: Base58, Chars: 8}, Secret: Part{Encoding: Base58, Chars: 24},
		Hash: CoverSecret, Lenient: true,
	},
	// A fork of seam: the number is the whole of the bytes, and the hash covers those.
	"seam-v4": {
		Prefix: "key", ID: Part{Encoding: Base58, Bytes: 8}, Secret: Part{Encoding: Base58, Bytes: 16}, Hash: CoverBytes,
	},
	"alphanumeric": {Secret: Part{Encoding: Base62, Chars: 32}},
	"opaque":       {Secret: Part{Encoding: Opaque}},
}

// Preset returns a format to start from. It is normalized; its prefix is an example.
func Preset(name string) (Format, error) {
	f, ok := presets[name]
	if !ok {
		return Format{}, fieldErr("preset", "is not known", "use one of "+strings.Join(presetNames, ", "))
	}
	f.Preset = name
	return f.Normalize()
}

// Presets lists the names of all presets, the default first.
func Presets() []string { return slices.Clone(presetNames) }

// A Shape is which public segments a format has.
type Shape string

const (
	ShapePublicID   Shape = "public-id"   // prefix, environment, public id, secret
	ShapePrefix     Shape = "prefix"      // prefix, environment, secret
	ShapeSecretOnly Shape = "secret-only" // the secret alone: no checksum either
)

// Shaped returns f with the segments of a shape. A format that has no public id gets the one of the default preset.
func (f Format) Shaped(s Shape) (Format, error) {
	switch s {
	case ShapePublicID:
		if f.ID.None() {
			f.ID = presets[DefaultPreset].ID
		}
	case ShapePrefix:
		f.ID = Part{}
	case ShapeSecretOnly:
		f.Prefix, f.Environment, f.ID, f.Checksum, f.Lenient = "", "", Part{}, NoChecksum, false
		if f.Hash == CoverBytes {
			f.Hash = CoverSecret
		}
		if f.Preset != "public-id" {
			f.Preset = "alphanumeric"
		}
	default:
		return f, fieldErr("shape", "is not known", fmt.Sprintf("use %s, %s or %s", ShapePublicID, ShapePrefix, ShapeSecretOnly))
	}
	return f, nil
}
