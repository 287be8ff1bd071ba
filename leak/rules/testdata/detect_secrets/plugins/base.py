# SPDX-License-Identifier: Apache-2.0
from ..constants import VerifiedResult


class RegexBasedDetector:
    """A plugin has a secret_type and a denylist of compiled patterns; a pattern with groups yields each of them."""

    secret_type: str
    denylist: list

    def analyze_string(self, string):
        for pattern in self.denylist:
            for match in pattern.findall(string):
                yield from filter(None, match if isinstance(match, tuple) else (match,))

    def verify(self, secret):
        return VerifiedResult.UNVERIFIED
