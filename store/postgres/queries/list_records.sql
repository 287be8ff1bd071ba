-- SPDX-License-Identifier: Apache-2.0

SELECT r.id, r.version, r.keyspace, r.format, r.environment, r.owner, r.parent, r.scopes, r.terms,
       r.rules, r.not_before, r.expires, r.disabled, r.revoked, r.created, r.updated, r.name, r.reason, r.metadata,
       s.hash, coalesce(s.public_id, ''), coalesce(s.created, 0), coalesce(s.expires, 0), coalesce(s.registered, false),
       coalesce(s.pepper, ''), coalesce(s.slow, ''), coalesce(s.grace, false), coalesce(s.idle, 0)
FROM (SELECT * FROM records WHERE /* filter */ ORDER BY /* order */ LIMIT /* limit */) r
LEFT JOIN secrets s ON s.record = r.id
ORDER BY /* r.order */, s.position;
