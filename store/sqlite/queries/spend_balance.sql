-- SPDX-License-Identifier: Apache-2.0

UPDATE balances SET remaining = ?2 WHERE account = ?1;
