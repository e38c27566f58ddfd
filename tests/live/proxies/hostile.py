"""What an attacker sends: headers that speak for the bridge, paths that can be read in two ways."""

IDENTITY = (
    "X-Bridge-Identity",
    "X-Bridge-User",
    "X-Bridge-Name",
    "X-Bridge-Realm",
    "X-Bridge-Roles",
    "X-Bridge-Posts",
    "X-Bridge-Acr",
    "Remote-User",
)

SECOND_PATHS = ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix")
SECOND_METHODS = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


def spellings(name: str) -> list[str]:
    """A header's name as some app or other reads it."""
    parts = name.split("-")
    mixed = "_".join(parts[:2]) + "".join(f"-{part}" for part in parts[2:])
    other = "-".join(parts[:-1]) + f"_{parts[-1]}"
    folded = name.replace("-", "_")
    return [name, name.lower(), name.upper(), folded, folded.lower(), folded.upper(), mixed, other]


# A patroller is signed in; /admin/ is for organisers only.
PATHS = (
    "/x/../admin/a",
    "/x/./../admin/a",
    "/./admin/a",
    "//admin/a",
    "/x//../admin/a",
    "/admin//a",
    "/x/%2e%2e/admin/a",
    "/x/%2E%2E/admin/a",
    "/x/.%2e/admin/a",
    "/x/..%2fadmin/a",
    "/x/..%2Fadmin/a",
    "/x%2f..%2fadmin/a",
    "/%2fadmin/a",
    "/admin%2fa",
    "/%61dmin/a",
    "/%41dmin/a",
    "/adm%69n/a",
    "/ADMIN/a",
    "/x/..;/admin/a",
    "/x;/../admin/a",
    "/admin;x=1/a",
    "/;/admin/a",
    "/x/..\\admin/a",
    "/x\\..\\admin/a",
    "\\admin/a",
    "/x/%5c../admin/a",
    "/x/..%5cadmin/a",
    "/admin%00/a",
    "/x%00/../admin/a",
    "/admin%0a/a",
    "/x%0d%0a/../admin/a",
    "/admin%20/a",
    "/%20admin/a",
    "/admin%09/a",
    "/x/%252e%252e/admin/a",
    "/%c0%ae%c0%ae/admin/a",
    "/x/%c0%af../admin/a",
    "/%ef%bc%8fadmin/a",
    "/x/..%c0%afadmin/a",
    "/x/%u002e%u002e/admin/a",
    "/x%",
    "/x%zz/../admin/a",
    "/.idp-bridge/../admin/a",
    "/.idp-bridge/%2e%2e/admin/a",
    "/.idp-bridge/..%2fadmin/a",
    "/.idp-bridge/..;/admin/a",
    "/.idp-bridge//../../admin/a",
    "/.IDP-BRIDGE/../admin/a",
    "/.idp-bridge\\..\\admin/a",
    "/x#/../../admin/a",
    "http://localhost/admin/a",
    "http://other.example/admin/a",
    "HTTP://localhost/x/../admin/a",
    "http:/admin/a",
    "admin/a",
    "*",
)
