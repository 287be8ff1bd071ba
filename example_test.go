// SPDX-License-Identifier: Apache-2.0

package keywright_test

import (
	"fmt"
	"log"

	"github.com/keywright/keywright"
)

// Make a key, show it once, keep its hash, and judge what is presented later by the hash alone.
func Example() {
	format, err := keywright.Preset("keywright")
	if err != nil {
		log.Fatal(err)
	}
	format.Prefix = "acme"
	key, err := keywright.Generate(format)
	if err != nil {
		log.Fatal(err)
	}
	shown := key.Reveal() // once, to whom it belongs
	stored := key.Hash()  // all that is kept

	presented, err := format.Parse(keywright.NewSecret(shown))
	fmt.Println(err, presented.Checksum(), presented.Hash().Equal(stored))
	fmt.Println(key) // in a log, by mistake
	// Output:
	// <nil> ok true
	// [secret]
}

func ExampleGenerate() {
	key, err := keywright.Generate(keywright.Format{
		Prefix:      "acme",
		Environment: "test",
		ID:          keywright.Part{Encoding: keywright.Base62, Chars: 12},
		Secret:      keywright.Part{Encoding: keywright.Base62, Bytes: 32},
		Checksum:    keywright.CRC32,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Prefix(), key.Environment(), len(key.PublicID()), len(key.Secret().Reveal()), key.Checksum())
	fmt.Printf("%.0f bits: %s\n", key.Format().Entropy(), keywright.Strength(key.Format().Entropy()))
	// Output:
	// acme test 12 43 ok
	// 256 bits: very strong
}

// A format is a value: start from a preset and change what should differ.
func ExampleFormat_Normalize() {
	format, err := keywright.Preset("secret-key")
	if err != nil {
		log.Fatal(err)
	}
	format.Secret = keywright.Part{Encoding: keywright.Base62, Chars: 16}
	_, err = format.Normalize()
	fmt.Println(err)
	// Output:
	// secret has 95 bits of entropy, less than 128: 22 characters of base62 would do
}

// A secret can hold the separator, here the _ before XC86: keys are read by the lengths of their segments.
func ExampleFormat_Parse() {
	format, err := keywright.Preset("public-id")
	if err != nil {
		log.Fatal(err)
	}
	key, err := format.Parse(keywright.NewSecret("st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_XC86"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Prefix(), key.Environment(), key.PublicID(), key.Checksum())
	fmt.Println(key.Masked())
	fmt.Println(key.Hash())

	_, err = format.Parse(keywright.NewSecret("st_live_000G40R4_mistyped"))
	fmt.Println(err)
	// Output:
	// st live 000G40R4 ok
	// st_live_000G40R4_***
	// c2812a46db6aab86e87b09792460b9fd06ad8fa35e6232aad4355db6a683bf85
	// key has not the length that its format has
}

func ExampleInspect() {
	for _, c := range keywright.Inspect(keywright.NewSecret("myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG")) {
		fmt.Println(c.Preset, c.Prefix, c.PublicID, c.Masked)
		fmt.Println(c.StorageHash)
	}
	// Output:
	// seam myapp BRTRKFsL myapp_BRTRKFsL_***
	// d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37
}

func ExampleInspectAs() {
	_, err := keywright.InspectAs(keywright.NewSecret("sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"), "unambiguous")
	fmt.Println(err)
	// Output:
	// key is not of preset unambiguous: character 27 of the secret is not in the alphabet of base55 (23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz)
}

func ExampleMatches() {
	fmt.Println(keywright.Matches("invoices:read", "invoices:read"))
	fmt.Println(keywright.Matches("documents.*", "documents.drafts.read"))
	fmt.Println(keywright.Matches("teams:*:read", "teams:blue:write"))
	fmt.Println(keywright.Matches("*", "keywright:keys")) // granted by name alone
	// Output:
	// true
	// true
	// false
	// false
}

func ExampleParseScopeExpr() {
	expr, err := keywright.ParseScopeExpr("invoices:read AND (users:read OR users:write)")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(expr.Granted([]string{"invoices:*", "users:write"}))
	fmt.Println(expr.Granted([]string{"invoices:*"}))
	// Output:
	// true []
	// false [users:read users:write]
}
