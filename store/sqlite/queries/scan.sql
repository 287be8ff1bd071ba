-- SPDX-License-Identifier: Apache-2.0

-- Without name, reason and metadata: a table of verifiers has no use for them.
SELECT r.id, r.version, r.keyspace, r.format, r.environment, r.owner, r.parent, r.scopes, r.terms, r.rules, r.not_before,
       r.expires, r.disabled, r.revoked, r.created, r.updated, '', '', '',
       s.hash, ifnull(s.public_id, ''), ifnull(s.created, 0), ifnull(s.expires, 0), ifnull(s.registered, 0),
       ifnull(s.pepper, ''), ifnull(s.slow, ''), ifnull(s.grace, 0), ifnull(s.idle, 0)
FROM records r LEFT JOIN secrets s ON s.record = r.id
WHERE r.id > ?
ORDER BY r.id, s.position;
