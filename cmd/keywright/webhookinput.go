// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"io"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/webhook"
)

// maxWebhookBody is far beyond the 20 kB that the specification asks senders to keep to.
const maxWebhookBody = 16 << 20

// maxWebhookHeaders is beyond what servers take for the headers of a request.
const maxWebhookHeaders = 1 << 20

// webhookSecrets reads each file. One newline at the end of it is not part of the secret.
func (s *session) webhookSecrets(files []string) ([]keywright.Secret, error) {
	if len(files) == 0 {
		return nil, misused("--secret-file is missing", "name a file that holds the secret and nothing else")
	}
	secrets := make([]keywright.Secret, len(files))
	for i, file := range files {
		if file == "" {
			return nil, misused("--secret-file names no file", "name a file that holds the secret and nothing else")
		}
		text, err := s.readKeyText(file)
		if err != nil {
			return nil, err
		}
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		switch {
		case text == "":
			return nil, misused(file+": "+webhook.ErrNoSecret.Error(), webhookHint(webhook.ErrNoSecret))
		case strings.ContainsAny(text, "\r\n"):
			return nil, misused(file+" has more than one line", "put one secret into each file, and give --secret-file again for another")
		}
		secrets[i] = keywright.NewSecret(text)
	}
	return secrets, nil
}

// webhookKeys reads each file as a key of Standard Webhooks.
func (s *session) webhookKeys(files []string) ([]webhook.Key, error) {
	secrets, err := s.webhookSecrets(files)
	if err != nil {
		return nil, err
	}
	keys := make([]webhook.Key, len(secrets))
	for i, secret := range secrets {
		if keys[i], err = webhook.ParseKey(secret); err != nil {
			return nil, misused(files[i]+": "+err.Error(), webhookHint(err))
		}
	}
	return keys, nil
}

// webhookBody reads the body as it is: a newline at its end is part of it.
func (s *session) webhookBody() ([]byte, error) {
	if isTerminal(s.stdin) {
		s.say("type the body; Ctrl-D at the start of a line ends it")
	}
	body, err := io.ReadAll(io.LimitReader(s.stdin, maxWebhookBody+1))
	switch {
	case err != nil:
		return nil, unknowable("the body could not be read", "give it on standard input", err)
	case len(body) > maxWebhookBody:
		return nil, misused("the body is larger than 16 MiB", "webhooks are small: 20 kB and less")
	}
	return body, nil
}

// readWebhookHeaders reads lines of a name, a colon and a value, and takes those that it knows.
func readWebhookHeaders(from io.Reader, stripe bool) (webhook.Headers, error) {
	all := map[string][]string{}
	lines := bufio.NewScanner(io.LimitReader(from, maxWebhookHeaders))
	lines.Buffer(nil, maxWebhookHeaders)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok {
			name = strings.ToLower(strings.TrimSpace(name))
			if stripe && name == webhook.HeaderStripe {
				name = webhook.HeaderSignature
			} else if stripe {
				continue
			}
			all[name] = append(all[name], strings.Trim(value, " \t\r"))
		}
	}
	if err := lines.Err(); err != nil {
		return webhook.Headers{}, unknowable("the file of headers could not be read", "name a file with a header on each line", err)
	}
	h, err := webhook.ReadHeaders(all)
	if err != nil {
		return webhook.Headers{}, refused("the message is not valid: "+err.Error(), webhookHint(err))
	}
	return h, nil
}
