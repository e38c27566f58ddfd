"""QR codes for paper, as the data of one SVG path: no picture format, no inline style."""

from dataclasses import dataclass

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode


@dataclass(frozen=True, slots=True)
class Drawing:
    """``path`` fills the dark modules of a square of ``size`` modules, quiet zone included."""

    path: str
    size: int


def path_of(text: str) -> Drawing:
    """Draw ``text`` with the quiet zone of four modules that scanners need."""
    code = QRCode(border=4, error_correction=ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, cell in enumerate(row) if cell
    )
    return Drawing(dark, len(rows))
