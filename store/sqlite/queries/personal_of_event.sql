-- SPDX-License-Identifier: Apache-2.0

SELECT personal FROM events WHERE sequence = ?;
