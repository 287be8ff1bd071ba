// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

// tlsFiles are what a profile tells of TLS: by which CA the server is known, and what this client shows it. Paths are
// absolute; without any, the system's CAs hold.
type tlsFiles struct {
	ServerCA   string `json:"server_ca,omitempty"`
	ClientCert string `json:"client_cert,omitempty"`
	ClientKey  string `json:"client_key,omitempty"`
}

func (f *tlsFiles) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&f.ServerCA, "server-ca", "", "trust the server by the CAs in `FILE` (PEM), and not by those of this system")
	flags.StringVar(&f.ClientCert, "client-cert", "", "show a server that demands one the client certificate in `FILE` (PEM)")
	flags.StringVar(&f.ClientKey, "client-key", "", "prove it with the private key in `FILE` (PEM)")
}

// absolute makes the paths good from every folder.
func (f tlsFiles) absolute() (tlsFiles, error) {
	for _, path := range []*string{&f.ServerCA, &f.ClientCert, &f.ClientKey} {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return f, err
		}
		*path = whole
	}
	return f, nil
}

// client returns a client with these files; nil: there are none, and any does.
func (f tlsFiles) client() (*http.Client, error) {
	if f == (tlsFiles{}) {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.ServerCA != "" {
		text, err := os.ReadFile(f.ServerCA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New(f.ServerCA + ": there is no certificate in it")
		}
	}
	switch {
	case f.ClientCert != "" && f.ClientKey != "":
		pair, err := tls.LoadX509KeyPair(f.ClientCert, f.ClientKey)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	case f.ClientCert != f.ClientKey: // one of them is empty
		return nil, errors.New("a client certificate and its key belong together")
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = config
	return &http.Client{Transport: t}, nil
}
