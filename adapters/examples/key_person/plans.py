"""The service plans of the demonstration, and which app role does what with them.

visitor: records a visit in the grids of a grid-worker post
coordinator: closes a plan below a staff post
observer: sees below a police or leader post
"""

from dataclasses import dataclass

from common.claims import Person

POSTS = {
    "visitor": ("grid-worker",),
    "coordinator": ("staff",),
    "observer": ("police", "leader"),
}
GONGLE_12 = "/baoan/xixiang/gongle/grid-12"
GONGLE_13 = "/baoan/xixiang/gongle/grid-13"
HAIWANG_3 = "/baoan/xinan/haiwang/grid-03"


@dataclass(frozen=True, slots=True)
class Plan:
    """``what`` and ``next_step`` are in (Chinese, English). No plan names the person it serves."""

    id: str
    org: str
    what: tuple[str, str]
    next_step: tuple[str, str]


PLANS = (
    Plan(
        "k12-1",
        GONGLE_12,
        ("独居老人", "Older person living alone"),
        (
            "每周上门一次，查看用药和燃气",
            "Weekly visit: look after medicine and the gas",
        ),
    ),
    Plan(
        "k12-2",
        GONGLE_12,
        ("重度残疾人家庭", "Household with a severe disability"),
        (
            "本月办理护理补贴，协助填表",
            "Help with the form for this month's care allowance",
        ),
    ),
    Plan(
        "k13-1",
        GONGLE_13,
        ("困境儿童", "Child in a difficult situation"),
        ("开学前家访，联系学校老师", "Visit before term begins, speak with the school"),
    ),
    Plan(
        "k03-1",
        HAIWANG_3,
        ("出院康复居民", "Resident recovering after hospital"),
        ("三天内回访，联系社区医生", "Call back within three days, inform the doctor"),
    ),
)


def acts_as(who: Person, plan: Plan) -> list[str]:
    """The app roles that reach ``plan`` through a fitting post."""
    return [
        role
        for role, posts in POSTS.items()
        if role in who.roles and any(who.holds(post, plan.org) for post in posts)
    ]


def plan_of(plan_id: str) -> Plan | None:
    return next((plan for plan in PLANS if plan.id == plan_id), None)
