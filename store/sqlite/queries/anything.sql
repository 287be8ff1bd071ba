-- SPDX-License-Identifier: Apache-2.0

-- Whether the store holds anything at all.
SELECT EXISTS (SELECT 1 FROM keyspaces) OR EXISTS (SELECT 1 FROM owners) OR EXISTS (SELECT 1 FROM records)
    OR EXISTS (SELECT 1 FROM balances) OR EXISTS (SELECT 1 FROM ledger) OR EXISTS (SELECT 1 FROM answers)
    OR EXISTS (SELECT 1 FROM items) OR EXISTS (SELECT 1 FROM checkpoints) OR EXISTS (SELECT 1 FROM usage)
    OR EXISTS (SELECT 1 FROM uses) OR EXISTS (SELECT 1 FROM meters) OR EXISTS (SELECT 1 FROM events);
