"""The messages of Envoy's ``envoy.service.auth.v3.Authorization``, as far as we need them.

Declared here by field name and number, as Envoy's API reference gives them; a field that is not
declared is skipped by protobuf, so a newer Envoy may send more.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "idp_bridge.ext_authz"
_STRING, _INT, _MESSAGE = 9, 5, 11

# message -> field -> (number, type, or the message it is; "*" for many)
_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Header": {"key": (1, "text"), "value": (2, "text")},
    "HeadersEntry": {"key": (1, "text"), "value": (2, "text")},
    "Http": {
        "method": (2, "text"),
        "headers": (3, "HeadersEntry*"),
        "path": (4, "text"),
        "host": (5, "text"),
    },
    "Request": {"http": (2, "Http")},
    "Attributes": {"request": (4, "Request")},
    "CheckRequest": {"attributes": (1, "Attributes")},
    "Status": {"code": (1, "int")},
    "HttpStatus": {"code": (1, "int")},
    "HeaderOption": {"header": (1, "Header"), "append_action": (3, "int")},
    "Denied": {"status": (1, "HttpStatus"), "headers": (2, "HeaderOption*"), "body": (3, "text")},
    "Ok": {"headers": (2, "HeaderOption*"), "headers_to_remove": (5, "text*")},
    "CheckResponse": {"status": (1, "Status"), "denied": (2, "Denied"), "ok": (3, "Ok")},
}


def _field(name: str, number: int, kind: str) -> FieldDescriptorProto:
    plain = kind.rstrip("*")
    label = FieldDescriptorProto.LABEL_REPEATED if kind != plain else 1
    made = FieldDescriptorProto(name=name, number=number, label=label)
    if plain in ("text", "int"):
        made.type = _STRING if plain == "text" else _INT
    else:
        made.type, made.type_name = _MESSAGE, f".{_PACKAGE}.{plain}"
    return made


def _pool() -> DescriptorPool:
    file = FileDescriptorProto(name="ext_authz.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = DescriptorProto(name=name)
        message.field.extend(_field(field, *declared) for field, declared in fields.items())
        file.message_type.append(message)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _pool()


def _class(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


CheckRequest = _class("CheckRequest")
CheckResponse = _class("CheckResponse")
