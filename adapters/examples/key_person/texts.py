"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("重点人员服务管理", "Key-person services"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "这里只列出您岗位所辖网格的服务对象。由统一登录经 CAS 协议送来。",
        "Only the service plans under your posts are listed. You came by CAS.",
    ),
    "role_visitor": ("走访员", "Visitor"),
    "role_coordinator": ("服务协调员", "Coordinator"),
    "role_observer": ("观察员", "Observer"),
    "post_grid-worker": ("网格员", "Grid worker"),
    "post_counsellor": ("调解员", "Counsellor"),
    "post_staff": ("工作人员", "Staff"),
    "post_leader": ("负责人", "Leader"),
    "post_police": ("社区民警", "Community police"),
    "post_volunteer": ("志愿者", "Volunteer"),
    "post_legal-adviser": ("法律顾问", "Legal adviser"),
    "plans": ("服务计划", "Service plans"),
    "open": ("待走访", "To be visited"),
    "visited": ("已走访", "Visited"),
    "closed": ("已结案", "Closed"),
    "visited_by": ("走访人：", "Visited by "),
    "closed_by": ("结案人：", "Closed by "),
    "visit": ("记录走访", "Record a visit"),
    "close": ("服务结案", "Close the plan"),
    "none": (
        "您的岗位目前没有服务计划。",
        "There are no service plans under your posts at present.",
    ),
}
