-- SPDX-License-Identifier: Apache-2.0

UPDATE events SET personal = $2 WHERE sequence = $1;
