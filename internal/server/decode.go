// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/strictjson"
)

// decode reads one JSON object into what v points to, strictly.
func decode(b []byte, v any) *api.Problem { return strictjson.Decode(b, v) }

func errSyntax() *api.Problem { return strictjson.ErrSyntax() }
