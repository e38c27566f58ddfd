"""What an app needs to know who is there: principals, token verification and tests.

``tokens.Verifier`` turns an ID, access or logout token into a fact or raises ``TokenRefused``;
``principal.Principal`` is the fact; ``testing.IssuerForTests`` makes tokens for an app's own tests.
"""
