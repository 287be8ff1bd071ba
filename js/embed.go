// SPDX-License-Identifier: Apache-2.0

// Package js is the npm package keywright: the formats in JavaScript. For programs in Go it holds its modules as files, which
// the pages of the server load; the package itself is described in README.md beside this file.
package js

import "embed"

// Files are the modules of the package, as they are written.
//
//go:embed *.js
var Files embed.FS
