"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("矛盾纠纷化解", "Dispute resolution"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "这里只列出您岗位所辖范围的纠纷。",
        "Only the disputes within your posts are listed here.",
    ),
    "how": ("您是怎么进来的", "How you came in"),
    "how_text": (
        "由 Apache 按 SAML 2.0 在入口核验，本应用只认它转来的身份",
        "Apache checked you at the entrance by SAML 2.0; this app believes only what it passes on",
    ),
    "role_mediator": ("调解人", "Mediator"),
    "role_observer": ("观察员", "Observer"),
    "post_grid-worker": ("网格员", "Grid worker"),
    "post_counsellor": ("调解员", "Counsellor"),
    "post_staff": ("工作人员", "Staff"),
    "post_leader": ("负责人", "Leader"),
    "post_police": ("社区民警", "Community police"),
    "post_volunteer": ("志愿者", "Volunteer"),
    "post_legal-adviser": ("法律顾问", "Legal adviser"),
    "disputes": ("纠纷", "Disputes"),
    "open": ("待受理", "open"),
    "taken": ("由{}调解", "Mediated by {}"),
    "take": ("我来调解", "Take it up"),
    "return": ("退回", "Give it back"),
    "none": (
        "您的岗位范围内目前没有纠纷。",
        "There are no disputes within your posts at present.",
    ),
    "past_title": ("没有经过入口", "Not by the entrance"),
    "past_text": (
        "这个请求没有经过登录入口，本应用不予处理。请从应用的地址进入。",
        "This request did not come by the entrance, so it is not answered. "
        "Please enter by the app's address.",
    ),
}
