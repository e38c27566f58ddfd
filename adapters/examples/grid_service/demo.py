"""Tasks to look at. A real app reads them from its own database, by org path."""

from grid_service.tasks import Task

GONGLE_12 = "/baoan/xixiang/gongle/grid-12"
GONGLE_13 = "/baoan/xixiang/gongle/grid-13"
HAIWANG_3 = "/baoan/xinan/haiwang/grid-03"

TASKS = (
    Task(
        "g12-1",
        GONGLE_12,
        (
            "楼道堆放电动车，需劝离并登记",
            "E-bikes block a stairwell: have them moved, keep a record",
        ),
        ("共乐路 18 号 B 栋", "18 Gongle Road, Block B"),
        urgent=True,
    ),
    Task(
        "g12-2",
        GONGLE_12,
        ("独居老人月度走访", "Monthly visit to a resident living alone"),
        ("共乐路 42 号 301", "42 Gongle Road, 301"),
    ),
    Task(
        "g12-3",
        GONGLE_12,
        ("出租屋消防器材检查", "Check the fire equipment of a rented building"),
        ("共乐一巷 6 号", "6 Gongle 1st Lane"),
    ),
    Task(
        "g13-1",
        GONGLE_13,
        ("围挡破损，行人有受伤风险", "Broken site fence, passers-by may be hurt"),
        ("前进二路 215 号", "215 Qianjin 2nd Road"),
        urgent=True,
    ),
    Task(
        "g13-2",
        GONGLE_13,
        ("新入住住户信息采集", "Record newly arrived households"),
        ("前进二路 219 号", "219 Qianjin 2nd Road"),
    ),
    Task(
        "g3-1",
        HAIWANG_3,
        ("河道边护栏松动", "Loose railing along the river"),
        ("裕安一路 9 号旁", "Beside 9 Yu'an 1st Road"),
    ),
    Task(
        "g3-2",
        HAIWANG_3,
        ("邻里噪音纠纷回访", "Follow up a dispute over noise"),
        ("裕安一路 31 号", "31 Yu'an 1st Road"),
    ),
    Task(
        "g3-3",
        HAIWANG_3,
        ("老旧电梯年检到期提醒", "An old lift is due for its yearly inspection"),
        ("海旺新村 5 栋", "Haiwang New Village, Block 5"),
    ),
)
