"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("粤居码", "Residence code"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "居民在这里查看和续签居住证；民警核实所辖社区的续签申请。",
        "Residents see and renew their certificate; police confirm renewals in their community.",
    ),
    "how": ("您是怎么进来的", "How you came in"),
    "how_text": (
        "统一登录交给本应用一张一次性签名票据，60 秒内有效。登录方式：",
        "The single sign-on handed this app a signed ticket, good once and for 60 seconds. "
        "You signed in by: ",
    ),
    "acr_activation": ("激活码", "activation code"),
    "acr_qr": ("扫码", "QR code"),
    "acr_password": ("密码", "password"),
    "acr_mfa": ("两步验证", "second factor"),
    "acr_passkey": ("通行密钥", "passkey"),
    "role_holder": ("持证居民", "Certificate holder"),
    "role_officer": ("核实民警", "Confirming officer"),
    "certificates": ("居住证", "Residence certificates"),
    "until": ("有效期至 ", "Valid until "),
    "state_valid": ("有效", "Valid"),
    "state_asked": ("待核实", "To be confirmed"),
    "state_renewed": ("已续签", "Renewed"),
    "apply": ("申请续签", "Apply for renewal"),
    "confirm": ("核实并续签", "Confirm the renewal"),
    "waiting": ("民警核实后即续签，请稍候。", "It is renewed once the police have confirmed it."),
    "none": (
        "您所辖范围内目前没有居住证。",
        "There are no certificates within your posts at present.",
    ),
}
