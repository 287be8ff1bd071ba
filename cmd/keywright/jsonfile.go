// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/keywright/keywright"
)

const maxKeyspaceFile = 256 << 10

// readJSON reads one document strictly: an unknown field is an error. What it says of the document is a place in it.
func readJSON(path string, stdin io.Reader, into any) error {
	return readJSONFor(path, stdin, into, `for example {"name":"acme","formats":[{"name":"secret","preset":"keywright","prefix":"acme"}],"environments":["live","test"]}`)
}

// readJSONFor is readJSON with an example of what it reads.
func readJSONFor(path string, stdin io.Reader, into any, example string) error {
	from := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return misused("the file cannot be read: "+plainPathError(err), "name a file in JSON")
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxKeyspaceFile+1))
	if err != nil || len(text) > maxKeyspaceFile {
		return misused("the file cannot be read, or is larger than 256 KiB", "name a file in JSON")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return misused("the file is not JSON as the API takes it"+jsonProblem(text, err), example)
	}
	return nil
}

// jsonProblem says what is wrong with a document as far as that repeats nothing of it but names of fields.
func jsonProblem(text []byte, err error) string {
	var kind *json.UnmarshalTypeError
	var format *keywright.FormatError
	switch {
	case errors.As(err, &kind):
		return ": " + shown(kind.Field) + " is of the wrong kind"
	case errors.As(err, &format):
		return ": " + format.Error()
	}
	return jsonPlace(text, err)
}
