-- SPDX-License-Identifier: Apache-2.0

-- The inner query finds the page, and all of it before the first row is returned: until then a deadline can interrupt.
SELECT r.id, r.version, r.keyspace, r.format, r.environment, r.owner, r.parent, r.scopes, r.terms, r.rules, r.not_before,
       r.expires, r.disabled, r.revoked, r.created, r.updated, r.name, r.reason, r.metadata,
       s.hash, ifnull(s.public_id, ''), ifnull(s.created, 0), ifnull(s.expires, 0), ifnull(s.registered, 0),
       ifnull(s.pepper, ''), ifnull(s.slow, ''), ifnull(s.grace, 0), ifnull(s.idle, 0)
FROM records r LEFT JOIN secrets s ON s.record = r.id
WHERE r.id IN (SELECT id FROM records /* index */ WHERE /* filter */ ORDER BY /* order */ LIMIT ?)
ORDER BY /* r.order */, s.position;
