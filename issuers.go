// SPDX-License-Identifier: Apache-2.0

package keywright

// Rules of checksums.
var (
	sum62     = &sum{number: crcOf, alphabet: alphabet62, size: 6, documented: true}
	sum62Seen = &sum{number: crcOf, alphabet: alphabet62, size: 6}
	sum36     = &sum{number: crcOf, alphabet: alphabet36, size: 7, prefix: true, documented: true}
	sumSHA    = &sum{number: shaOf, alphabet: alphabet32, size: 8, prefix: true, after: 8}
	sumUpper  = &sum{number: crcOf, alphabet: alphabetUpperHex, size: 8, prefix: true}
	sumLittle = &sum{number: crcLittleOf, alphabet: alphabetHex, size: 8, prefix: true, gap: 1, documented: true}
	sumHex    = &sum{number: crcOf, alphabet: alphabetHex, size: 8, gap: 1, documented: true}
)

// Shapes that several kinds have.
var (
	random36 = []piece{run(Base62, 36)}
	hex64    = []piece{run(Hex, 64)}
	// 16 random bytes and routing, the length of the two, and the checksum; older ones have no version between.
	routable    = []piece{run(Base64URL, 21), plain(Base64URL, 6, 279), fixed(".01."), plain(base36, 9, 9)}
	routableOld = []piece{plain(Base64URL, 5, 11), run(Base64URL, 22), plain(Base64URL, 0, 267), fixed("."), plain(base36, 9, 9)}
	friendly    = []piece{between(Base64URL, 20, 64)}
	atlassian   = []piece{between(Base64URL, 100, 300), fixed("="), plain(upperHex, 8, 8)}
	hex8        = []piece{run(Base62, 32), fixed("_"), plain(Hex, 8, 8)}
	vercel      = []piece{run(Base62, 56)}
	cloudflare  = []piece{run(Base62, 40), plain(Hex, 8, 8)}
	stripeShort = []piece{run(Base62, 24)}
	stripeLong  = []piece{between(Base62, 90, 247)}
	slack       = []piece{plain(digits, 8, 14), fixed("-"), between(Base64URL, 18, 250)}
	openAI58    = []piece{run(Base64URL, 58), fixed("T3BlbkFJ"), run(Base64URL, 58)}
	openAI74    = []piece{run(Base64URL, 74), fixed("T3BlbkFJ"), run(Base64URL, 74)}
	anthropic   = []piece{run(Base64URL, 93), fixed("AA")}
	vault       = []piece{between(Base64URL, 24, 300)}
	vaultOld    = []piece{run(Base62, 24)}
	doppler     = []piece{between(Base62, 40, 44)}
)

// issuers are data: a prefix, a shape and a rule. What is not published is left open rather than guessed.
var issuers = []issuer{
	{"github", "GitHub", "https://github.com/settings/tokens, or for apps https://github.com/settings/applications", []kind{
		{"ghp_", "personal access token (classic)", "what its scopes allow, everywhere its owner may go", random36, sum62, 0},
		{"gho_", "OAuth access token", "what its owner allowed an OAuth app", random36, sum62, 0},
		{"ghu_", "user access token of a GitHub App", "what its owner and an app both may do, for hours", random36, sum62, 0},
		{"ghs_", "installation access token", "what an app may do where it is installed, for an hour", random36, sum62Seen, 0},
		{"ghs_", "installation access token (stateless)", "what an app may do where it is installed, for an hour", []piece{
			plain(digits, 1, 20), fixed("_ey"), plain(Base64URL, 8, 300), fixed("."), plain(Base64URL, 8, 300), fixed("."), between(Base64URL, 43, 512),
		}, nil, 0},
		{"ghr_", "refresh token of a GitHub App", "new user access tokens, for months", []piece{run(Base62, 76)}, sum62, 0},
		{"github_pat_", "fine-grained personal access token", "the repositories and permissions that were chosen for it", []piece{
			plain(Base62, 22, 22), fixed("_"), run(Base62, 59),
		}, sumSHA, 0},
	}},
	{"npm", "npm", "https://www.npmjs.com/settings/~/tokens", []kind{
		{"npm_", "access token", "packages: to read or to publish them", random36, sum62, 0},
	}},
	{"gitlab", "GitLab", "Settings > Access tokens of its owner, on the server that issued it; https://gitlab.com/-/user_settings/personal_access_tokens", both(
		kind{prefix: "glpat-", what: "personal, project or group access token", opens: "what its scopes allow"},
		kind{prefix: "gldt-", what: "deploy token", opens: "repositories, packages and images of a project or group"},
		kind{prefix: "glrt-", what: "runner authentication token", opens: "the jobs that a runner takes, and their secrets"},
		kind{prefix: "glcbt-", what: "CI/CD job token", opens: "what one job may do, while it runs"},
		kind{prefix: "glptt-", what: "pipeline trigger token", opens: "starting pipelines of a project"},
		kind{prefix: "glft-", what: "feed token", opens: "feeds and calendars of its owner"},
		kind{prefix: "glimt-", what: "incoming mail token", opens: "creating issues by mail as its owner"},
		kind{prefix: "glagent-", what: "agent token for Kubernetes", opens: "what the agent of a cluster may do"},
		kind{prefix: "gloas-", what: "OAuth application secret", opens: "acting as an application"},
		kind{prefix: "glsoat-", what: "SCIM token", opens: "the users of a group"},
		kind{prefix: "glffct-", what: "feature flags client token", opens: "feature flags of a project"},
	)},
	{"atlassian", "Atlassian", "https://id.atlassian.com/manage-profile/security/api-tokens; Bitbucket: settings of the repository, project or workspace", []kind{
		{"ATATT3", "API token", "what its owner may do in Jira, Confluence and Bitbucket, or less", atlassian, sumUpper, 0},
		{"ATCTT3", "access token of Bitbucket", "one repository, project or workspace", atlassian, sumUpper, 0},
	}},
	{"grafana", "Grafana", "Administration > Service accounts, in the Grafana that issued it", []kind{
		{"glsa_", "service account token", "what the role of a service account allows", hex8, sumLittle, 0},
	}},
	{"zuplo", "Zuplo", "the API key service of its project: https://portal.zuplo.com", []kind{
		{"zpka_", "API key", "an API behind a Zuplo gateway", hex8, sumHex, 0},
	}},
	{"vercel", "Vercel", "https://vercel.com/account/settings/tokens", []kind{
		{"vcp_", "personal access token", "the teams and projects of its owner, as its scope says", vercel, sum62Seen, 0},
		{"vci_", "integration token", "what an integration was allowed", vercel, sum62Seen, 0},
		{"vca_", "app access token", "what an app was allowed", vercel, sum62Seen, 0},
		{"vcr_", "app refresh token", "new access tokens of an app", vercel, sum62Seen, 0},
		{"vck_", "AI Gateway key", "models, on the account of a team", vercel, sum62Seen, 0},
	}},
	{"cloudflare", "Cloudflare", "https://dash.cloudflare.com/profile/api-tokens", []kind{
		{"cfk_", "global API key", "everything that its owner may do", cloudflare, nil, 0},
		{"cfut_", "user API token", "the zones and permissions that were chosen for it", cloudflare, nil, 0},
		{"cfat_", "account API token", "the permissions in one account that were chosen for it", cloudflare, nil, 0},
	}},
	// Many services took over Stripe's prefixes, and so did three presets.
	{"stripe", "Stripe", "https://dashboard.stripe.com/apikeys", []kind{
		{"sk_live_", "secret key", "the whole account: real money", stripeLong, nil, ByPrefix},
		{"sk_live_", "secret key", "the whole account: real money", stripeShort, nil, ByPrefix},
		{"sk_test_", "secret key for tests", "the test data of the account", stripeLong, nil, ByPrefix},
		{"sk_test_", "secret key for tests", "the test data of the account", stripeShort, nil, ByPrefix},
		{"rk_live_", "restricted key", "what was chosen for it: real money", stripeLong, nil, ByPrefix},
		{"rk_live_", "restricted key", "what was chosen for it: real money", stripeShort, nil, ByPrefix},
		{"rk_test_", "restricted key for tests", "what was chosen for it, in test data", stripeLong, nil, ByPrefix},
		{"rk_test_", "restricted key for tests", "what was chosen for it, in test data", stripeShort, nil, ByPrefix},
		{"pk_live_", "publishable key", "starting payments; it is meant to be public", stripeLong, nil, ByPrefix},
		{"pk_live_", "publishable key", "starting payments; it is meant to be public", stripeShort, nil, ByShape},
		{"pk_test_", "publishable key for tests", "starting payments in test data; it is meant to be public", stripeLong, nil, ByPrefix},
		{"pk_test_", "publishable key for tests", "starting payments in test data; it is meant to be public", stripeShort, nil, ByShape},
	}},
	{"slack", "Slack", "https://api.slack.com/apps, or the method auth.revoke", []kind{
		{"xoxb-", "bot token", "what a bot may read and write in a workspace", slack, nil, 0},
		{"xoxp-", "user token", "what an app may do in the name of a user", slack, nil, 0},
		{"xapp-1-", "app-level token", "events of an app, in all its workspaces", []piece{between(Base64URL, 40, 200)}, nil, 0},
	}},
	{"openai", "OpenAI", "https://platform.openai.com/api-keys", []kind{
		{"sk-proj-", "project API key", "models, on the account of a project", openAI74, nil, 0},
		{"sk-proj-", "project API key", "models, on the account of a project", openAI58, nil, 0},
		{"sk-svcacct-", "service account API key", "models, on the account of a project", openAI74, nil, 0},
		{"sk-svcacct-", "service account API key", "models, on the account of a project", openAI58, nil, 0},
		{"sk-admin-", "admin API key", "the organisation: its projects, members and keys", openAI74, nil, 0},
		{"sk-admin-", "admin API key", "the organisation: its projects, members and keys", openAI58, nil, 0},
		{"sk-", "user API key (legacy)", "models, on the account of its owner", []piece{run(Base62, 20), fixed("T3BlbkFJ"), run(Base62, 20)}, nil, 0},
	}},
	{"anthropic", "Anthropic", "https://console.anthropic.com/settings/keys", []kind{
		{"sk-ant-api03-", "API key", "models, on the account of a workspace", anthropic, nil, 0},
		{"sk-ant-admin01-", "admin API key", "the organisation: its workspaces, members and keys", anthropic, nil, 0},
	}},
	{"sentry", "Sentry", "https://sentry.io/settings/auth-tokens/; of a user: https://sentry.io/settings/account/api/auth-tokens/", []kind{
		{"sntrys_", "organisation auth token", "releases and source maps of one organisation, which it names", []piece{
			plain(Base64, 20, 600), plain(padding, 0, 2), fixed("_"), run(Base64, 43),
		}, nil, 0},
		{"sntryu_", "personal auth token", "what its scopes allow, everywhere its owner may go", hex64, nil, 0},
	}},
	{"vault", "HashiCorp Vault", "vault token revoke, on the server that issued it", []kind{
		{"hvs.", "service token", "what its policies allow", vault, nil, 0},
		{"hvb.", "batch token", "what its policies allow, until it expires: it cannot be revoked", vault, nil, 0},
		{"hvr.", "recovery token", "a server in recovery", vault, nil, 0},
		{"s.", "service token (before 1.10)", "what its policies allow", vaultOld, nil, ByShape},
		{"b.", "batch token (before 1.10)", "what its policies allow, until it expires: it cannot be revoked", vaultOld, nil, ByShape},
		{"r.", "recovery token (before 1.10)", "a server in recovery", vaultOld, nil, ByShape},
	}},
	{"digitalocean", "DigitalOcean", "https://cloud.digitalocean.com/account/api/tokens", []kind{
		{"dop_v1_", "personal access token", "what its scopes allow in a team", hex64, nil, 0},
		{"doo_v1_", "OAuth access token", "what its owner allowed an application", hex64, nil, 0},
		{"dor_v1_", "OAuth refresh token", "new access tokens of an application", hex64, nil, 0},
	}},
	{"doppler", "Doppler", "the tokens of its workplace, project or config: https://dashboard.doppler.com", []kind{
		{"dp.ct.", "CLI token", "what its owner may do", doppler, nil, 0},
		{"dp.pt.", "personal token", "what its owner may do", doppler, nil, 0},
		{"dp.st.", "service token", "the secrets of one config", []piece{plain(slug, 0, 35), between(Base62, 40, 44)}, nil, 0},
		{"dp.sa.", "service account token", "what the role of a service account allows", doppler, nil, 0},
		{"dp.scim.", "SCIM token", "the users of a workplace", doppler, nil, 0},
		{"dp.audit.", "audit token", "the members and logs of a workplace, to read", doppler, nil, 0},
	}},
	{"linear", "Linear", "https://linear.app/settings/account/security", []kind{
		{"lin_api_", "personal API key", "what its owner may do, or less", []piece{run(Base62, 40)}, nil, 0},
		{"lin_oauth_", "OAuth access token", "what its owner allowed an application", hex64, nil, 0},
	}},
}

// both gives each kind the shapes of GitLab: routable, older routable, and classic, which alone has no checksum.
func both(kinds ...kind) (all []kind) {
	for _, k := range kinds {
		k.shape, k.sum = routable, sum36
		old, classic := k, k
		old.shape, classic.shape, classic.sum = routableOld, friendly, nil
		all = append(all, k, old, classic)
	}
	return all
}
