"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("门楼牌", "Doorplates"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "按门楼牌上的编码或地址，查询这里的服务。",
        "Find the services of an address by its plate's code or its street.",
    ),
    "role_lookup": ("查询", "Look-up"),
    "role_officer": ("门楼牌管理民警", "Plate officer"),
    "search": ("门楼牌编码或地址", "Plate code or address"),
    "find": ("查询", "Search"),
    "none": ("没有找到。", "Nothing was found."),
    "found": ("处地址", "addresses"),
    "code": ("门楼牌编码", "Plate code"),
    "services": ("这里的服务", "Services here"),
    "record": ("门牌档案", "Plate record"),
    "number": ("门牌号", "Number"),
    "condition": ("现场状况", "Condition"),
    "condition_good": ("完好", "In order"),
    "condition_damaged": ("破损", "Damaged"),
    "condition_missing": ("缺失", "Missing"),
    "correct": ("更正", "Correct"),
    "by": ("最近更正：", "Last corrected by "),
    "beyond": ("门牌档案由所在地民警管理。", "The record is kept by the police of that place."),
    "wrong": (
        "没有保存：门牌号是 1 到 4 位数字，可加一个字母或“-数字”。",
        "Not saved: a number has 1 to 4 digits, and may end in a letter or -digits.",
    ),
}
