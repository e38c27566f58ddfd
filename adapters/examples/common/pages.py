"""Pages of the example apps: one look, two languages, Jinja2 with everything escaped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
STATIC = HERE / "static"
Texts = Mapping[str, tuple[str, str]]

TEXTS: Texts = {
    "city": ("城区统一服务", "City district services"),
    "skip": ("跳到主要内容", "Skip to content"),
    "switch": ("English", "中文"),
    "switch_to": ("en", "zh"),
    "sign_out": ("退出登录", "Sign out"),
    "sign_in": ("登录", "Sign in"),
    "your_roles": ("您在本应用的角色", "Your roles in this app"),
    "your_posts": ("您的岗位", "Your posts"),
    "signed_out_title": ("您已退出", "You are signed out"),
    "signed_out_text": (
        "本应用和统一登录的会话都已结束。在公用电脑上，请再关闭浏览器。",
        "Your sessions in this app and at the single sign-on have ended. "
        "On a shared computer, close the browser too.",
    ),
    "again": ("重新登录", "Sign in again"),
    "refused_title": ("您目前不能进入本应用", "You cannot enter this app at present"),
    "refused_text": (
        "您已登录，但没有本应用的任何角色。如果您的工作需要它，请联系所在单位的管理员；角色开通后，刷新本页即可进入。",
        "You are signed in but hold no role in this app. If you need it, ask your unit's "
        "administrator; once a role is given, reload this page.",
    ),
    "not_yours_title": ("这项操作不在您的职责内", "This is not among your duties"),
    "not_yours_text": (
        "您的角色或岗位不包括这项操作，没有任何内容被更改。",
        "Your role or post does not include this action. Nothing was changed.",
    ),
    "weak_title": ("需要更可靠的登录方式", "A stronger sign-in is needed"),
    "weak_text": (
        "为保护您的信息，进入本应用需要更高一级的身份验证。",
        "To protect your data, this app asks for a stronger proof of who you are.",
    ),
    "weak_go": ("继续验证", "Continue"),
    "failed_title": ("登录没有完成", "The sign-in was not completed"),
    "failed_text": (
        "可能是页面放得太久，或在别处被取消。请重新开始。",
        "It may have waited too long, or was cancelled. Please start again.",
    ),
    "away_title": ("暂时无法确认您的身份", "We cannot check who you are right now"),
    "away_text": (
        "统一登录服务暂时没有回应。您的会话还在，请稍候刷新。",
        "The single sign-on does not answer. Your session is kept; reload in a moment.",
    ),
    "choose_title": ("请选择您的身份", "Who are you here?"),
    "choose_text": (
        "居民和工作人员使用各自的账号，互不合并。",
        "Residents and workers have accounts of their own; they are never merged.",
    ),
    "choose_residents": ("我是居民", "I am a resident"),
    "choose_residents_text": ("用手机扫码登录", "Sign in by scanning with your phone"),
    "choose_workers": ("我是工作人员", "I am a worker"),
    "choose_workers_text": ("用工作账号登录", "Sign in with your work account"),
    "post_grid-worker": ("网格员", "Grid worker"),
    "post_counsellor": ("调解员", "Counsellor"),
    "post_staff": ("工作人员", "Staff"),
    "post_leader": ("负责人", "Leader"),
    "post_police": ("社区民警", "Community police"),
    "post_volunteer": ("志愿者", "Volunteer"),
    "post_legal-adviser": ("法律顾问", "Legal adviser"),
    "reload": ("刷新", "Reload"),
    "back": ("返回首页", "Back to the start"),
}


class Pages:
    """Renders one app's pages; ``texts`` are its own, in (Chinese, English)."""

    def __init__(self, folder: Path, texts: Texts) -> None:
        self._texts = {**TEXTS, **texts}
        self._jinja = Environment(
            loader=FileSystemLoader([folder / "templates", HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
        )

    def render(self, template: str, language: str, **context: Any) -> str:
        place = 1 if language == "en" else 0

        def text(key: str) -> str:
            return self._texts[key][place]

        context = {"person": None, "csrf": None, **context}
        return self._jinja.get_template(template).render(
            lang=language, t=text, place=place, known=self._texts.__contains__, **context
        )


def language(query: str | None, cookie: str | None, accepted: str | None) -> str:
    """Chinese unless the person chose English, or their browser asks for it first."""
    for said in (query, cookie):
        if said in ("zh", "en"):
            return said
    return "en" if (accepted or "").lower().startswith("en") else "zh"
