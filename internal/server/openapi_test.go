// SPDX-License-Identifier: Apache-2.0

package server

import (
	"flag"
	"os"
	"testing"
)

var updateGolden = flag.Bool("update", false, "write api/openapi.json")

const golden = "../../api/openapi.json"

// TestOpenAPI compares the generated document with the one that is published.
func TestOpenAPI(t *testing.T) {
	h := newHouse(t)
	if *updateGolden {
		if err := os.WriteFile(golden, h.server.OpenAPI(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(h.server.OpenAPI()) {
		t.Errorf("%s is not what the types say: look at the difference, then run go test -run TestOpenAPI -update", golden)
	}
	a := h.send("GET", "/openapi.json", "", "")
	if a.body != string(want) {
		t.Error("the document that is served differs")
	}
}
