"""Who is in the demonstration city, what providers charge, what the government gives. Figures that no document states say so."""

from decimal import Decimal

PASSWORD = "xiamen-demo-2026"
# Made up, and the same for the same person whenever the city is loaded.
PHONE = "+8613000000{:03d}"

GOVERNMENT = [
    ("GV-CITY", "厦门市工业和信息化局", "Xiamen Bureau of Industry and Information Technology", ""),
    ("GV-SIMING", "思明区人民政府", "Siming District Government", "siming"),
]
PLATFORM = ("PL-INFO", "厦门信息集团", "Xiamen Information Group")

# (code, name, English name, district, first 17 characters of the credit code, bank transfer in yuan)
ENTERPRISES = [
    (
        "EN-LUDAO",
        "鹭岛智能科技有限公司",
        "Ludao Intelligent Technology",
        "siming",
        "91350200MA0000A1X",
        "200000.00",
    ),
    (
        "EN-YUNDING",
        "云顶视觉科技有限公司",
        "Yunding Vision Technology",
        "huli",
        "91350200MA0000B2X",
        "80000.00",
    ),
    (
        "EN-WUYUAN",
        "五缘湾生物计算有限公司",
        "Wuyuan Bay Biocomputing",
        "huli",
        "91350200MA0000C3X",
        "50000.00",
    ),
    (
        "EN-JIGENG",
        "集耕农业大模型有限公司",
        "Jigeng Agricultural Models",
        "jimei",
        "91350200MA0000D4X",
        "30000.00",
    ),
]

# (user name, name, role, organisation)
PEOPLE = [
    ("alice", "林安", "enterprise_admin", "EN-LUDAO"),
    ("bob", "陈博", "enterprise_member", "EN-LUDAO"),
    ("fiona", "黄菲", "enterprise_finance", "EN-LUDAO"),
    ("charlie", "吴超", "enterprise_admin", "EN-YUNDING"),
    ("wendy", "许雯", "enterprise_admin", "EN-WUYUAN"),
    ("jian", "曾健", "enterprise_admin", "EN-JIGENG"),
    ("officer", "郑经办", "voucher_officer", "GV-CITY"),
    ("siming", "周思明", "voucher_officer", "GV-SIMING"),
    ("auditor", "苏审计", "auditor", "GV-CITY"),
    ("operator", "蔡运营", "platform_operator", "PL-INFO"),
    ("finance", "洪财务", "platform_finance", "PL-INFO"),
    ("checker", "蓝复核", "platform_finance", "PL-INFO"),
    ("sysadmin", "钟系统", "system_admin", "PL-INFO"),
    ("security", "方安全", "security_admin", "PL-INFO"),
    ("auditadmin", "余审计", "audit_admin", "PL-INFO"),
    ("telecom", "电信运营", "provider_admin", "PR-TELECOM"),
    ("mobile", "移动运营", "provider_admin", "PR-MOBILE"),
    ("unicom", "联通运营", "provider_admin", "PR-UNICOM"),
    ("baidu", "百度运营", "provider_admin", "PR-BAIDU"),
    ("simingcc", "思明智算", "provider_admin", "PR-SIMING"),
]

# (organisation, project, approval threshold in yuan, monthly budget in yuan)
PROJECTS = [
    ("EN-LUDAO", "PJ-LUDAO-MODEL", "大模型训练", "1000.00", "100000.00"),
    ("EN-LUDAO", "PJ-LUDAO-LAB", "算法实验室", "0.00", "5000.00"),
    ("EN-YUNDING", "PJ-YUNDING", "工业质检", "0.00", "0.00"),
    ("EN-WUYUAN", "PJ-WUYUAN", "蛋白结构", "5000.00", "0.00"),
    ("EN-JIGENG", "PJ-JIGENG", "农业问答", "0.00", "0.00"),
]

# Yuan per card-hour by accelerator; a fixture, since providers publish no list. Each provider differs by a few per cent.
CARD_HOUR = {
    "a100": "13.80",
    "a800": "12.60",
    "h800": "24.50",
    "h20": "8.20",
    "l20": "5.60",
    "l40s": "7.90",
    "rtx4090": "2.40",
    "ascend910b": "8.60",
    "ascend910c": "16.80",
    "p800": "9.40",
    "k100ai": "5.20",
    "mlu590": "7.40",
}
PROVIDER_FACTOR = {"telecom": "1.00", "mobile": "0.98", "unicom": "0.96", "baidu": "1.05", "siming": "0.92"}
# Above how many card-hours of one order a provider asks which part of its price.
TIERS = {"baidu": (("100", "0.94"), ("1000", "0.88"))}
# Of how many card-hours the packages are that a provider sells, by card.
PACKAGES = {("unicom", "k100ai"): 100}
# What reserved capacity costs, in card-hours: a day, a month, a month of a year's promise, a whole node for a month.
RESERVED = (
    ("card_day", 0, "20"),
    ("card_month", 0, "480"),
    ("card_month", 12, "380"),
    ("node_month", 0, "3600"),
)
SELLS_RESERVED = ("mobile", "siming")
CARDS_MAX = 256
HOURS_MAX = 720
RESERVED_HOURS_MAX = 8760


def card_hour(accelerator: str, provider: str) -> Decimal:
    """A provider's price of a card-hour in yuan."""
    price = Decimal(CARD_HOUR[accelerator]) * Decimal(PROVIDER_FACTOR[provider])
    return price.quantize(Decimal("0.01"))


def tiers(accelerator: str, provider: str) -> tuple[tuple[Decimal, Decimal], ...]:
    """A provider's tiers of a card-hour: above how many of them, and for how much."""
    price = card_hour(accelerator, provider)
    steps = ((Decimal(above), price * Decimal(part)) for above, part in TIERS.get(provider, ()))
    return tuple((above, cheaper.quantize(Decimal("0.01"))) for above, cheaper in steps)


# The plan (seeds) gives order and payers but no rates: rates, caps and pools here are fixtures.
PROGRAMMES = [
    {
        "code": "PG-SIMING-2026",
        "policy": "PO-SIMING",
        "policy_name": "思明区算力券实施办法（演示）",
        "document": "",
        "name": "思明区算力券（2026）",
        "payer": "GV-SIMING",
        "budget": "3000000.00",
        "enterprise_cap": "250000.00",
        "rules": {
            "clause": "思明区·按单抵扣",
            "level": "district",
            "district": "siming",
            "rate": "0.10",
            "rate_ceiling": "0.10",
            "base": "gross",
        },
        "vouchers": [("EN-LUDAO", "20000.00"), ("EN-YUNDING", "5000.00")],
    },
    {
        "code": "PG-CITY-2026",
        "policy": "PO-CITY",
        "policy_name": "厦门市算力券实施办法（演示）",
        "document": "",
        "name": "厦门市算力券（2026）",
        "payer": "GV-CITY",
        "budget": "50000000.00",
        "enterprise_cap": "1000000.00",
        "rules": {
            "clause": "市级·按单抵扣",
            "level": "city",
            "rate": "0.30",
            "domestic_rate": "0.40",
            "rate_ceiling": "0.50",
            "base": "residual",
        },
        "vouchers": [
            ("EN-LUDAO", "100000.00"),
            ("EN-YUNDING", "40000.00"),
            ("EN-WUYUAN", "30000.00"),
            ("EN-JIGENG", "20000.00"),
        ],
    },
]
