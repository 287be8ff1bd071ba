// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// endsSoon is how long before its end a certificate is worth a word.
const endsSoon = 14 * 24 * time.Hour

// tlsOf returns what the flags say about TLS; nil: none.
func tlsOf(f *serveFlags, log *slog.Logger) (*tls.Config, error) {
	switch {
	case (f.tlsCert == "") != (f.tlsKey == ""):
		return nil, misused("--tls-cert and --tls-key belong together", "give both, or neither")
	case f.tlsCert == "" && f.tlsClientCA != "":
		return nil, misused("--tls-client-ca is of no use without TLS", "give --tls-cert and --tls-key too")
	case f.tlsCert == "":
		return nil, nil
	}
	pair := newCertificate(f.tlsCert, f.tlsKey, log)
	if _, err := pair.get(); err != nil {
		return nil, misused("the TLS files cannot be used: "+plainPathError(err), "--tls-cert and --tls-key name files in PEM that belong together")
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.get() },
	}
	if f.tlsClientCA == "" {
		return config, nil
	}
	authorities := newAuthorities(f.tlsClientCA, log)
	if _, err := authorities.get(); err != nil {
		return nil, misused("the --tls-client-ca file cannot be used: "+plainPathError(err), "name a file with the certificates of CAs in PEM")
	}
	// A session that is resumed was verified when it began: without tickets, every connection is verified by the CAs of now.
	config.SessionTicketsDisabled = true
	config.ClientAuth = tls.VerifyClientCertIfGiven
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool, err := authorities.get()
		if err != nil {
			return nil, err
		}
		now := config.Clone()
		now.GetConfigForClient, now.ClientCAs = nil, pool
		return now, nil
	}
	return config, nil
}

// newCertificate reads a certificate and its key, anew whenever one of the files is another.
func newCertificate(certFile, keyFile string, log *slog.Logger) *watched[*tls.Certificate] {
	read := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, err
		}
		if left := time.Until(pair.Leaf.NotAfter); left < endsSoon {
			log.Warn("the TLS certificate ends soon, or has ended", "file", certFile, "not_after", pair.Leaf.NotAfter)
		}
		return &pair, nil
	}
	return &watched[*tls.Certificate]{files: []string{certFile, keyFile}, read: read, log: log}
}

// newAuthorities reads the certificates of the CAs that sign those of clients.
func newAuthorities(file string, log *slog.Logger) *watched[*x509.CertPool] {
	read := func() (*x509.CertPool, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, errors.New(file + ": there is no certificate in it")
		}
		return pool, nil
	}
	return &watched[*x509.CertPool]{files: []string{file}, read: read, log: log}
}

// watched is what was read from files. It is read again when one of them is another: written to, replaced, or behind a
// link that leads elsewhere now. What cannot be read leaves what was there, and is logged once.
type watched[T any] struct {
	files []string
	read  func() (T, error)
	log   *slog.Logger

	mu     sync.Mutex
	value  T
	held   bool          // there is a value
	seen   []fs.FileInfo // of the files that it was read from
	looked time.Time
	failed string // what was logged last
}

func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held && time.Since(w.looked) < time.Second {
		return w.value, nil
	}
	w.looked = time.Now()
	infos, err := statAll(w.files)
	if err == nil && w.held && slices.EqualFunc(infos, w.seen, sameState) {
		w.failed = ""
		return w.value, nil
	}
	var value T
	if err == nil {
		value, err = w.read()
	}
	switch {
	case err == nil:
		if w.held {
			w.log.Info("read TLS files anew", "files", w.files)
		}
		w.value, w.held, w.seen, w.failed = value, true, infos, ""
	case w.held:
		if text := plainPathError(err); text != w.failed { // perhaps half of a renewal: what was read before still holds
			w.failed = text
			w.log.Error("the TLS files were changed and cannot be used: those from before are", "files", w.files, "error", text)
		}
	default:
		return w.value, err
	}
	return w.value, nil
}

func statAll(files []string) (infos []fs.FileInfo, err error) {
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func sameState(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
