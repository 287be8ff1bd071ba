-- SPDX-License-Identifier: Apache-2.0

UPDATE head SET sequence = $1, hash = $2;
