-- SPDX-License-Identifier: Apache-2.0

-- One writer at a time: until its end nobody else adds to the chain. Spends go on.
SELECT epoch, sequence, hash FROM head FOR NO KEY UPDATE;
