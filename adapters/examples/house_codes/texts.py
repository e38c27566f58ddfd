"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("房屋编码", "House codes"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "按房屋编码或地址查询；能看到的内容取决于您的角色和岗位。",
        "Search by house code or address. What you see depends on your role and post.",
    ),
    "role_lookup": ("查询", "Look-up"),
    "role_inspector": ("巡查员", "Inspector"),
    "role_registrar": ("编码登记员", "Registrar"),
    "search": ("房屋编码或地址", "House code or address"),
    "find": ("查询", "Search"),
    "none": ("没有找到。", "Nothing was found."),
    "code": ("房屋编码", "House code"),
    "households": ("户数", "Households"),
    "inspected": ("最近巡查", "Last inspection"),
    "beyond": ("不在您的岗位范围内", "Beyond your posts"),
    "around": ("附近的服务", "Services nearby"),
}
