"""What is shown of a personal identifier to those who need only recognise it."""


def mask_phone(phone: str) -> str:
    """138****1234; a country's code in front of it is nobody's secret."""
    number = phone.removeprefix("+86").strip()
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "*" * len(number)


def mask_email(email: str) -> str:
    """a***@example.com."""
    name, at, host = email.partition("@")
    return f"{name[:1]}***{at}{host}" if at else "***"


def mask_name(name: str) -> str:
    """陈*."""
    return name[:1] + "*" * (len(name) - 1)


def mask_credit_code(code: str) -> str:
    """913502********1X23: the first six say where, the last four tell two apart."""
    return f"{code[:6]}{'*' * (len(code) - 10)}{code[-4:]}" if len(code) > 10 else "*" * len(code)
