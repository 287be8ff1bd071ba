// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestTLSScripts runs the scripts that need certificates.
func TestTLSScripts(t *testing.T) {
	papers := t.TempDir()
	ca := newPaper(t, filepath.Join(papers, "ca"), 1, nil)
	newPaper(t, filepath.Join(papers, "server"), 2, ca)
	newPaper(t, filepath.Join(papers, "client"), 3, ca, func(c *x509.Certificate) { c.Subject.CommonName = "ops" })
	newPaper(t, filepath.Join(papers, "soon"), 4, ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(13 * 24 * time.Hour) })
	newPaper(t, filepath.Join(papers, "ended"), 5, ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	runScripts(t, filepath.Join("testdata", "tls"), func(e *testscript.Env) { e.Setenv("PAPERS", papers) })
}
