-- SPDX-License-Identifier: Apache-2.0

-- The event that the checkpoint covers last must be there, and be that one. What lies before the checkpoints before it
-- is gone as well.
WITH prunable AS (
    SELECT c.sequence FROM checkpoints c JOIN events e ON e.sequence = c.sequence AND e.hash = c.hash
    WHERE c.sequence = $1 AND NOT c.pruned
), gone AS (
    DELETE FROM events e USING prunable p WHERE e.sequence <= p.sequence
)
UPDATE checkpoints c SET pruned = true FROM prunable p WHERE c.sequence <= p.sequence;
