"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("志愿巡逻", "Volunteer patrol"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "这里只列出您岗位所辖范围的巡逻班次。",
        "Only the patrol rounds within your posts are listed here.",
    ),
    "how": ("您是怎么进来的", "How you came in"),
    "how_text": (
        "入口由统一登录核验（forward-auth），本应用只认它签名的身份头。登录方式：",
        "The single sign-on checked you at the entrance (forward-auth), "
        "and this app believes its signed identity header only. You signed in by: ",
    ),
    "acr_activation": ("激活码", "activation code"),
    "acr_qr": ("扫码", "QR code"),
    "acr_password": ("密码", "password"),
    "acr_mfa": ("两步验证", "second factor"),
    "acr_passkey": ("通行密钥", "passkey"),
    "role_patroller": ("巡逻队员", "Patroller"),
    "role_organiser": ("组织者", "Organiser"),
    "post_grid-worker": ("网格员", "Grid worker"),
    "post_counsellor": ("调解员", "Counsellor"),
    "post_staff": ("工作人员", "Staff"),
    "post_leader": ("负责人", "Leader"),
    "post_police": ("社区民警", "Community police"),
    "post_volunteer": ("志愿者", "Volunteer"),
    "post_legal-adviser": ("法律顾问", "Legal adviser"),
    "rounds": ("巡逻班次", "Patrol rounds"),
    "on": ("照常", "on"),
    "off": ("已取消", "Called off"),
    "walkers": ("报名：", "Going: "),
    "nobody": ("还没有人报名", "Nobody has joined yet"),
    "join": ("我要参加", "Join"),
    "leave": ("退出班次", "Leave this round"),
    "call_off": ("取消班次", "Call off"),
    "call_on": ("恢复班次", "Put back on"),
    "none": (
        "您的岗位范围内目前没有巡逻班次。",
        "There are no patrol rounds within your posts at present.",
    ),
    "past_title": ("没有经过入口", "Not by the entrance"),
    "past_text": (
        "这个请求没有统一登录的签名，本应用不予处理。请从应用的地址进入。",
        "This request bears no signature of the single sign-on, so it is not answered. "
        "Please enter by the app's address.",
    ),
}
