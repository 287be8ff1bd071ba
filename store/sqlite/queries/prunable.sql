-- SPDX-License-Identifier: Apache-2.0

-- Whether events may be deleted up to a checkpoint: the event that it covers last must be there, and be that one.
SELECT count(*) FROM checkpoints c JOIN events e ON e.sequence = c.sequence AND e.hash = c.hash
WHERE c.sequence = ? AND c.pruned = 0;
