"""What this app says, in Chinese and English."""

TEXTS = {
    "app": ("网格服务管理", "Grid service management"),
    "hello": ("您好，", "Hello, "),
    "hello_text": (
        "这里只列出您岗位所辖网格的任务。",
        "Only the tasks of the grids under your posts are listed here.",
    ),
    "role_handler": ("网格处置员", "Grid handler"),
    "role_dispatcher": ("调度员", "Dispatcher"),
    "role_observer": ("观察员", "Observer"),
    "tasks": ("网格任务", "Grid tasks"),
    "open": ("待处置", "open"),
    "urgent": ("紧急", "Urgent"),
    "done": ("已处置", "Done"),
    "done_by": ("处置人：", "Done by "),
    "complete": ("处置完成", "Mark as done"),
    "reopen": ("退回重办", "Reopen"),
    "none": (
        "您的岗位目前没有网格任务。",
        "There are no grid tasks under your posts at present.",
    ),
}
