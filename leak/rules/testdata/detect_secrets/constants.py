# SPDX-License-Identifier: Apache-2.0
import enum


class VerifiedResult(enum.Enum):
    """What is known of a secret. A scan leaves out what is VERIFIED_FALSE."""

    VERIFIED_FALSE = 1
    UNVERIFIED = 2
    VERIFIED_TRUE = 3
