"""App manifests: what an app's owner writes, one YAML file per app, as models.

`manifest` is the whole of it, `reading` gets it from a file, and one module per protocol has the
section that is that protocol's own. The schema for editors is made from these models (`schema`).
"""

from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.reading import ManifestError

__all__ = ["AppManifest", "ManifestError"]
