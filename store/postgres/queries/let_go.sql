-- SPDX-License-Identifier: Apache-2.0

UPDATE head SET holder = '' WHERE epoch = $1;
