-- SPDX-License-Identifier: Apache-2.0

-- Asks that have no meter in common, each all or none. A row is a meter of an ask: act 0 takes, 1 looks, 2 gives back, 3 owes;
-- copies is how many asks are the same, of which as many are granted as there is room for. The meters are locked in the order of
-- their ids, so that no two statements wait for each other, and the clock is read after that. Where a meter is not
-- there yet, nothing is done and nothing told. A meter that was written before the clock was set back is cut also by a refusal, or it
-- would never fill.
WITH asked AS (
    SELECT ask, id, act, copies, charge::numeric AS charge, room::numeric AS room, most::numeric AS most
    FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[])
        AS t(ask, id, act, copies, charge, room, most)
), locked AS (
    SELECT m.id, m.full_at FROM shared_meters m WHERE m.id = ANY ($2::bytea[]) ORDER BY m.id FOR UPDATE
), clock AS (
    SELECT extract(epoch FROM clock_timestamp())::numeric AS now, count(*) AS found FROM locked
), meters AS (
    SELECT a.*, c.now, l.full_at AS stored, least(l.full_at, c.now + a.most) AS full_at,
        greatest(least(l.full_at, c.now + a.most), c.now) AS base
    FROM asked a JOIN locked l ON l.id = a.id CROSS JOIN clock c
    WHERE c.found = cardinality($2::bytea[])
), granted AS (
    SELECT ask, min(CASE
        WHEN act IN (2, 3) THEN copies
        WHEN charge = 0 THEN copies
        ELSE least(copies, div(greatest(now + room - base, 0), charge)::bigint)
    END) AS granted
    FROM meters GROUP BY ask
), written AS (
    UPDATE shared_meters s SET full_at = CASE
        WHEN m.act = 2 THEN greatest(m.full_at - m.copies * m.charge, 0)
        ELSE least(m.base + g.granted * m.charge, m.now + m.most)
    END
    FROM meters m JOIN granted g ON g.ask = m.ask
    WHERE s.id = m.id AND m.act <> 1 AND (g.granted > 0 AND m.charge > 0 OR m.full_at < m.stored)
)
SELECT m.id, m.full_at::text, m.now::text, g.granted::bigint FROM meters m JOIN granted g ON g.ask = m.ask
