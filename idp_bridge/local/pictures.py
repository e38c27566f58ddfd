"""QR codes out of pictures, with an independent reader."""

import io

import zxingcpp
from PIL import Image, UnidentifiedImageError

from idp_bridge.core.errors import InvalidRequest


def codes_in(picture: bytes) -> list[str]:
    """The texts of the QR codes in a PNG or JPEG. Raises ``InvalidRequest`` for no picture."""
    try:
        image = Image.open(io.BytesIO(picture)).convert("L")
    except (UnidentifiedImageError, OSError):
        raise InvalidRequest("this is not a picture") from None
    return [found.text for found in zxingcpp.read_barcodes(image) if found.text]
