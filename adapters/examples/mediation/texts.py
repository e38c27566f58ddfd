"""What this app says, in Chinese and English."""

from common.pages import Texts

KINDS = ("neighbours", "noise", "property", "family", "wages")
UNITS = (
    "/baoan/xixiang/gongle/grid-12",
    "/baoan/xixiang/gongle/grid-13",
    "/baoan/xinan/haiwang/grid-03",
)

TEXTS: Texts = {
    "app": ("i调解", "i-Mediation"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "邻里、家庭、物业的纠纷，先和调解员一起谈一谈。",
        "Quarrels with neighbours, family or landlords are talked over with a mediator first.",
    ),
    "role_party": ("当事人", "Party"),
    "role_mediator": ("调解员", "Mediator"),
    "role_adviser": ("法律顾问", "Legal adviser"),
    "mine": ("我提出的调解", "What I brought"),
    "no_mine": ("还没有提出过调解。", "Nothing brought yet."),
    "handled": ("我岗位范围内的纠纷", "Disputes in the units of my posts"),
    "no_handled": ("您的岗位范围内没有纠纷。", "There are none in the units of your posts."),
    "new": ("请求调解", "Ask for mediation"),
    "unit": ("发生在哪里", "Where it happens"),
    "kind": ("纠纷类型", "What it is about"),
    "kind_neighbours": ("邻里关系", "Neighbours"),
    "kind_noise": ("噪声扰民", "Noise"),
    "kind_property": ("物业与租赁", "Property and rent"),
    "kind_family": ("婚姻家庭", "Family"),
    "kind_wages": ("工资报酬", "Wages"),
    "summary": ("简单说明情况", "What happened, in short"),
    "summary_help": (
        "10 至 1000 字，请不要填写身份证号码。",
        "10 to 1000 characters; no identity numbers, please.",
    ),
    "submit": ("提交", "Send"),
    "party": ("当事人", "Party"),
    "open": ("调解中", "Open"),
    "settled": ("已达成协议", "Settled"),
    "agreement": ("协议内容", "What was agreed"),
    "settle": ("登记协议", "Record the agreement"),
    "by": ("调解员：", "Mediator: "),
    "reading": ("您可以查阅，由调解员登记协议。", "You may read; a mediator records agreements."),
    "error": (
        "请填写完整：说明或协议至少 10 个字。",
        "Please complete the form: at least 10 characters.",
    ),
}
