-- SPDX-License-Identifier: Apache-2.0

-- What lies before the checkpoints before it is gone as well.
UPDATE checkpoints SET pruned = 1 WHERE sequence <= ?;
