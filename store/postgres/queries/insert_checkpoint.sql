-- SPDX-License-Identifier: Apache-2.0

INSERT INTO checkpoints (sequence, hash, time, signer, signature, pruned)
VALUES ($1, $2, $3, $4, $5, $6);
