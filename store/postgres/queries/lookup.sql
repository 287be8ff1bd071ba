-- SPDX-License-Identifier: Apache-2.0

SELECT r.id, r.version, r.keyspace, r.format, r.environment, r.owner, r.parent, r.scopes, r.terms,
       r.rules, r.not_before, r.expires, r.disabled, r.revoked, r.created, r.updated, r.name, r.reason, r.metadata,
       s.hash, s.public_id, s.created, s.expires, s.registered, s.pepper, s.slow, s.grace, s.idle
FROM records r JOIN secrets s ON s.record = r.id
WHERE r.id = (SELECT record FROM secrets WHERE hash = $1)
ORDER BY s.position;
