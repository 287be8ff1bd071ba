// SPDX-License-Identifier: Apache-2.0

/** What events can be, for a field that offers them; the server knows them all. */
export const VERBS = [
	"key.issue", "key.register", "key.import", "key.update", "key.rotate", "key.end_grace", "key.grace_ended", "key.rotation_due", "key.disable", "key.enable",
	"key.revoke", "key.revoke_self", "key.expires_soon", "key.export", "key.rehash", "key.limit_reached", "key.credits_low", "key.credits_exhausted",
	"key.used_after_revoke", "key.used_after_expiry", "key.wrong_secret", "leak.report", "leak.end", "decoy.use", "keyspace.create", "keyspace.update", "owner.update", "owner.delete",
	"owner.credits_low", "pepper.create", "pepper.import", "pepper.remove", "signing_key.create", "signing_key.retire", "signing_key.drop",
	"webhook.create", "webhook.update", "webhook.delete", "webhook.enable", "webhook.disable", "webhook.failing", "webhook.rotate_secret", "webhook.replay",
	"webhook.drop", "webhook.test", "audit.checkpoint", "audit.erase", "audit.prune",
];
