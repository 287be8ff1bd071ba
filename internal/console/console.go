// SPDX-License-Identifier: Apache-2.0

// Package console holds the pages of the binary: the generator page, which makes keys in the browser and asks nobody, and
// the console, at which a team looks at its keys. They are files, served as they are written; what they show comes from
// /v1, like any client's.
//
//	/generate/    generator/, with the package of js/ below /generate/keywright/
//	/console/     console/, whatever the path below it, as the page itself looks at its path
//	…/assets/     what both share; …/vendor/: libraries of the console, with their licences
package console

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/keywright/keywright/js"
)

//go:embed console generator vendor assets
var files embed.FS

// policy lets a page have what it was served with, and lets no string become markup or code. The generator page may not
// ask anybody for anything once it is loaded; the console asks its own server.
func policy(connect string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src " + connect +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// Handler serves the pages at /generate and /console, and what they are made of.
func Handler() http.Handler {
	mux := http.NewServeMux()
	generator := newFolder(policy("'none'"))
	generator.add("", sub("generator"))
	generator.add("assets/", sub("assets"))
	generator.add("keywright/", js.Files)
	mux.Handle("GET /generate/", http.StripPrefix("/generate/", generator))
	mux.Handle("GET /generate", http.RedirectHandler("/generate/", http.StatusMovedPermanently))

	pages := newFolder(policy("'self'"))
	pages.fallback = "index.html"
	pages.add("", sub("console"))
	pages.add("assets/", sub("assets"))
	pages.add("vendor/", sub("vendor"))
	pages.add("keywright/", js.Files)
	mux.Handle("GET /console/", http.StripPrefix("/console/", pages))
	mux.Handle("GET /console", http.RedirectHandler("/console/", http.StatusMovedPermanently))
	return mux
}

// sub is a folder of the files, which is there.
func sub(name string) fs.FS {
	f, err := fs.Sub(files, name)
	if err != nil {
		panic(err)
	}
	return f
}
