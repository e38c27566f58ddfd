"""What people are told when they are not let in: a fact for the app's own page, or a plain page.

An app gives ``page`` to its SDK to show notices in its own look.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.web import Asked

Texts = tuple[str, str]

_TEXTS: dict[str, tuple[Texts, Texts]] = {
    "choose": (
        ("请选择您的身份", "Who are you here?"),
        (
            "居民和工作人员使用各自的账号，互不合并。",
            "Residents and workers have accounts of their own; they are never merged.",
        ),
    ),
    "failed": (
        ("登录没有完成", "The sign-in was not completed"),
        (
            "可能是页面放得太久，或在别处被取消。请重新开始。",
            "It may have waited too long, or was cancelled. Please start again.",
        ),
    ),
    "weak": (
        ("需要更可靠的登录方式", "A stronger sign-in is needed"),
        (
            "为保护您的信息，这里需要更高一级的身份验证。",
            "To protect your data, a stronger proof of who you are is needed here.",
        ),
    ),
    "refused": (
        ("您目前不能进入本应用", "You cannot enter this app at present"),
        (
            "您已登录，但没有本应用的任何角色。如有需要，请联系所在单位的管理员。",
            "You are signed in but hold no role in this app. Ask your unit's administrator.",
        ),
    ),
    "not_yours": (
        ("这项操作不在您的职责内", "This is not among your duties"),
        (
            "您的角色或岗位不包括这项操作，没有任何内容被更改。",
            "Your role or post does not include this action. Nothing was changed.",
        ),
    ),
    "away": (
        ("统一登录暂时没有应答", "The single sign-on does not answer"),
        (
            "您的会话仍然保留，请稍后刷新。",
            "Your session is kept; reload in a moment.",
        ),
    ),
}
_LABELS: dict[str, Texts] = {
    "residents": ("我是居民", "I am a resident"),
    "workers": ("我是工作人员", "I am a worker"),
    "again": ("重新登录", "Sign in again"),
    "more": ("继续验证", "Continue"),
    "reload": ("刷新", "Reload"),
    "back": ("返回首页", "Back to the start"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a page is not shown, and the links that help: (label, address) pairs.

    ``kind`` is choose, failed, weak, refused, not_yours or away; a label is a realm, or again,
    more, reload or back.
    """

    kind: str
    status: int
    links: Sequence[tuple[str, str]] = field(default=())
    person: Principal | None = None


Page = Callable[[Asked, Notice], str]


def plain_page(asked: Asked, notice: Notice) -> str:
    """A page with no look of its own, in Chinese unless the browser asks for English first."""
    english = asked.headers.get("accept-language", "").lower().startswith("en")
    title, text = (said[english] for said in _TEXTS[notice.kind])
    named = [(_LABELS.get(label, (label, label))[english], there) for label, there in notice.links]
    links = "".join(f'<p><a href="{escape(to)}">{escape(name)}</a></p>' for name, to in named)
    language = "en" if english else "zh-CN"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" '
        f'content="light dark"><title>{title}</title><h1>{title}</h1><p>{text}</p>{links}</html>'
    )
