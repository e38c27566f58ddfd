"""Names of org units: attributes ``name.zh`` and ``name.en`` of the groups that they are.

A name is no right: it is kept in the store for some minutes whatever changes meanwhile.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from idp_bridge.core.secret import digest
from idp_bridge.core.store import Store
from idp_bridge.keycloak.admin import AdminApi

_KEPT = timedelta(minutes=10)
_LANGUAGES = ("zh", "en")


class KeycloakOrgNames:
    """``OrgNames`` over the Admin API of each realm."""

    def __init__(self, apis: Mapping[str, AdminApi], store: Store) -> None:
        self._apis = apis
        self._store = store

    async def of(self, realm: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        wanted = sorted(set(paths))
        found = await asyncio.gather(*(self._names(realm, path) for path in wanted))
        return {path: names for path, names in zip(wanted, found, strict=True) if names}

    async def _names(self, realm: str, path: str) -> dict[str, str]:
        key = f"org-names:{realm}:{digest(path)}"
        kept = await self._store.get(key)
        if kept is not None:
            names: dict[str, str] = json.loads(kept)
            return names
        names = _by_language(await self._group(realm, path))
        await self._store.put(key, json.dumps(names).encode(), _KEPT)
        return names

    async def _group(self, realm: str, path: str) -> dict[str, Any]:
        # A segment of dots would leave its place in the address.
        if any(segment.strip(".") == "" for segment in path.strip("/").split("/")):
            return {}
        address = quote(path.strip("/"))
        group = await self._apis[realm].ask(lambda admin: admin.a_get_group_by_path(address))
        return group if isinstance(group, dict) else {}


def _by_language(group: Mapping[str, Any]) -> dict[str, str]:
    said = group.get("attributes") or {}
    found = {language: said.get(f"name.{language}") for language in _LANGUAGES}
    return {language: values[0] for language, values in found.items() if values}
