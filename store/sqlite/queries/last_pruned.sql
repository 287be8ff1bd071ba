-- SPDX-License-Identifier: Apache-2.0

-- Where the chain goes on when none of its events is left.
SELECT sequence, hash FROM checkpoints WHERE pruned <> 0 ORDER BY sequence DESC LIMIT 1;
