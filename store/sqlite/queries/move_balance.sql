-- SPDX-License-Identifier: Apache-2.0

UPDATE balances SET remaining = ?2, refilled = ?3, next = ?4 WHERE account = ?1;
