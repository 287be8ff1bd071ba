// SPDX-License-Identifier: Apache-2.0

package partner

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	fetchTime   = 10 * time.Second
	maxKeysBody = 1 << 20
	maxKeys     = 100
)

// Options say where the keys of a platform are. URL is needed.
type Options struct {
	URL    string           // https, or http on this machine
	Client *http.Client     // nil: one of its own, which follows no redirect
	Now    func() time.Time // nil: time.Now
}

// Keys are the public keys of a platform, fetched when they are needed and kept for a day. It is safe for use by several
// goroutines.
type Keys struct {
	url    string
	client *http.Client
	now    func() time.Time

	fetching sync.Mutex // held by the one who asks the platform

	mu      sync.Mutex
	known   map[string]*ecdsa.PublicKey
	etag    string
	fetched time.Time // the last answer
	tried   time.Time // the last attempt
	failed  error     // of the last attempt
}

// NewKeys returns the keys of a platform. Nothing is fetched yet.
func NewKeys(o Options) (*Keys, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
		return nil, errors.New("the address of the public keys is not an https URL")
	}
	k := &Keys{url: o.URL, client: o.Client, now: o.Now}
	if k.client == nil {
		k.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if k.now == nil {
		k.now = time.Now
	}
	return k, nil
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// find returns the key of an identifier. Keys that are not current are taken: a report may have been signed just before they
// changed.
func (k *Keys) find(ctx context.Context, identifier string) (*ecdsa.PublicKey, error) {
	key, ask := k.look(identifier)
	if !ask {
		return key, k.verdict(key)
	}
	k.fetching.Lock()
	defer k.fetching.Unlock()
	if key, ask = k.look(identifier); ask { // nobody has asked while this waited
		k.fetch(ctx)
		key, _ = k.look(identifier)
	}
	return key, k.verdict(key)
}

// look returns a key that is known, and whether the platform is to be asked.
func (k *Keys) look(identifier string) (key *ecdsa.PublicKey, ask bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if now.Sub(k.fetched) < staleLife {
		key = k.known[identifier]
	}
	if key != nil && now.Sub(k.fetched) < keysLife {
		return key, false
	}
	return key, now.Sub(k.tried) >= missPause
}

// verdict says what it means that there is no key.
func (k *Keys) verdict(key *ecdsa.PublicKey) error {
	if key != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed != nil {
		return fmt.Errorf("%w: %w", ErrAway, k.failed)
	}
	return &Refusal{FieldIdentifier, "names a key that the platform does not publish", "only reports that the platform signed are taken"}
}

// fetch asks the platform, and keeps what it says.
func (k *Keys) fetch(ctx context.Context) {
	// The report may be given up; its keys are of use to the next one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
	defer cancel()
	k.mu.Lock()
	etag := k.etag
	k.mu.Unlock()
	known, etag, err := k.ask(ctx, etag)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.failed = k.now(), err
	if err != nil {
		return
	}
	k.fetched, k.etag = k.tried, etag
	if known != nil {
		k.known = known
	}
}

// ask returns the keys that are published; nil: those that are known still are.
func (k *Keys) ask(ctx context.Context, etag string) (map[string]*ecdsa.PublicKey, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, "", errors.New("the address cannot be asked")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "keywright")
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	answer, err := k.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	switch {
	case answer.StatusCode == http.StatusNotModified && etag != "":
		return nil, etag, nil
	case answer.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("it answered %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeysBody+1))
	if err != nil || len(body) > maxKeysBody {
		return nil, "", errors.New("its answer did not arrive whole, or is larger than 1 MiB")
	}
	known, err := parseKeys(body)
	return known, answer.Header.Get("ETag"), err
}

// parseKeys reads what a platform publishes. A key that cannot be read is left out, and none at all is an error.
func parseKeys(body []byte) (map[string]*ecdsa.PublicKey, error) {
	var list struct {
		Keys []struct {
			Identifier string `json:"key_identifier"`
			Key        string `json:"key"`
		} `json:"public_keys"`
	}
	if json.Unmarshal(body, &list) != nil {
		return nil, errors.New("its answer is not a list of keys")
	}
	known := map[string]*ecdsa.PublicKey{}
	for _, one := range list.Keys[:min(len(list.Keys), maxKeys)] {
		if key := parseKey(one.Key); key != nil && one.Identifier != "" {
			known[one.Identifier] = key
		}
	}
	if len(known) == 0 {
		return nil, errors.New("its answer holds no P-256 key")
	}
	return known, nil
}

func parseKey(text string) *ecdsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil
	}
	return key
}
