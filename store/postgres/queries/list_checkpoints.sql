-- SPDX-License-Identifier: Apache-2.0

SELECT sequence, hash, time, signer, signature, pruned
FROM checkpoints WHERE /* filter */ ORDER BY sequence LIMIT /* limit */;
