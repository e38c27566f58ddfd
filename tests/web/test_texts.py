"""Every page exists in both languages, and every error is told in words."""

import re
from collections.abc import Iterator

import pytest

from idp_bridge.core.errors import BridgeError
from idp_bridge.core.pages import LANGUAGES
from idp_bridge.web import admin, portal, qr  # noqa: F401  (their errors join the tree)
from idp_bridge.web.language import texts, translator
from idp_bridge.web.pages import HERE

_NAMES = re.compile(r"\{(\w+)\}")


def _errors(kind: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _errors(narrower)


def test_both_languages_have_the_same_texts():
    chinese, english = texts("zh"), texts("en")

    assert set(chinese) == set(english)
    for key, text in chinese.items():
        assert text.strip(), key
        assert set(_NAMES.findall(text)) == set(_NAMES.findall(english[key])), key


def test_english_texts_hold_no_chinese():
    mixed = [key for key, text in texts("en").items() if re.search(r"[\u4e00-\u9fff]", text)]

    assert mixed == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_of_the_pages_has_a_title_and_advice(language: str):
    known = texts(language)
    from_ours = [kind for kind in _errors() if kind.__module__.startswith("idp_bridge.")]
    told = ("idp_bridge.core.", "idp_bridge.web.", "idp_bridge.oidc.")

    for kind in from_ours:
        if kind.__module__.startswith(told):
            assert known[f"errors.{kind.code}.title"], kind
            assert known[f"errors.{kind.code}.advice"], kind


def test_every_text_that_a_template_names_exists():
    known = texts("zh")
    named = re.compile(r"""\bt\(\s*["']([a-z_.-]+)["']\s*[,)]""")

    for template in (HERE / "templates").rglob("*.html"):
        for key in named.findall(template.read_text("utf-8")):
            assert key in known, f"{template.name}: {key}"


def test_an_unknown_text_is_an_error_and_not_an_empty_page():
    with pytest.raises(KeyError):
        translator("zh")("no.such.text")


def test_no_template_carries_inline_script_or_style():
    for template in (HERE / "templates").rglob("*.*"):
        source = template.read_text("utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", source), template.name
        assert not re.search(r'<script(?![^>]*(\bsrc=|type="application/json"))', source), (
            template.name
        )
