"""What this app says, in Chinese and English."""

KINDS = ("labour", "family", "housing", "injury", "other")

TEXTS = {
    "app": ("法律援助", "Legal aid"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "经济困难的居民可以在这里申请免费的法律咨询和代理。",
        "Residents of limited means apply here for free legal advice and representation.",
    ),
    "role_applicant": ("申请人", "Applicant"),
    "number": ("您在本服务的编号", "Your number at this service"),
    "number_text": (
        "只在法律援助使用，其他应用看不到。",
        "Used by legal aid only; no other app knows it.",
    ),
    "new": ("提交新的申请", "A new application"),
    "kind": ("事项类型", "What it is about"),
    "kind_labour": ("劳动与工资", "Work and wages"),
    "kind_family": ("婚姻家庭", "Marriage and family"),
    "kind_housing": ("房屋租赁", "Housing and rent"),
    "kind_injury": ("人身损害", "Personal injury"),
    "kind_other": ("其他", "Something else"),
    "summary": ("简单说明情况", "What happened, in short"),
    "summary_help": (
        "10 至 1000 字，请不要填写身份证号码。",
        "10 to 1000 characters; no identity numbers, please.",
    ),
    "submit": ("提交申请", "Send the application"),
    "mine": ("我的申请", "My applications"),
    "none": ("还没有申请。", "No applications yet."),
    "received": ("已收到", "Received"),
    "error": (
        "请选择类型，并用至少 10 个字说明情况。",
        "Choose a kind and say what happened in at least 10 characters.",
    ),
}
