// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/partner"
	"github.com/keywright/keywright/internal/server"
)

// platformFlags say which platforms may report leaked keys.
type platformFlags struct {
	gitHubKeys, gitLabKeys string
	gitLabToken            string
	gitLabTypes            []string
}

func (f *platformFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.gitHubKeys, "github-keys-url", "", "take reports of leaked keys from GitHub, signed by the public keys at `URL`: "+partner.GitHubKeys+" (default: none are taken)")
	flags.StringVar(&f.gitLabKeys, "gitlab-keys-url", "", "take reports of leaked keys from gitlab.com, signed by the public keys at `URL`, which GitLab tells its partners (default: none are taken)")
	flags.StringVar(&f.gitLabToken, "gitlab-token-file", "", "take reports of leaked keys from a GitLab server that brings the token in `FILE` (default: none are taken)")
	flags.StringSliceVar(&f.gitLabTypes, "gitlab-type", nil, "have that server send findings of the rule `NAME`, such as gitleaks_rule_id_acme_secret_key (repeat; default one for each format of each keyspace)")
}

// platforms returns what the server takes reports from.
func (f *platformFlags) platforms() (p server.Platforms, err error) {
	if p.GitHub, err = platformKeys("--github-keys-url", f.gitHubKeys); err != nil {
		return p, err
	}
	if p.GitLab, err = platformKeys("--gitlab-keys-url", f.gitLabKeys); err != nil {
		return p, err
	}
	p.GitLabTypes = f.gitLabTypes
	if f.gitLabToken == "" {
		return p, nil
	}
	text, err := os.ReadFile(f.gitLabToken)
	if err != nil {
		return p, unknowable("cannot read --gitlab-token-file: "+plainPathError(err), "name a file that holds the token alone", nil)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < 16 || len(token) > 1024 {
		return p, misused("--gitlab-token-file holds no token of 16 to 1024 characters", "write a random one into it, such as keywright generate makes, and set it in GitLab")
	}
	p.GitLabToken = keywright.NewSecret(token)
	return p, nil
}

func platformKeys(flag, address string) (*partner.Keys, error) {
	if address == "" {
		return nil, nil
	}
	keys, err := partner.NewKeys(partner.Options{URL: address})
	if err != nil {
		return nil, misused(flag+" is not an https URL", "for GitHub it is "+partner.GitHubKeys)
	}
	return keys, nil
}
