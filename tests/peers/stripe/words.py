"""What Stripe checks of a request, and how it words a refusal."""

METHODS = {"card", "alipay", "wechat_pay"}
CURRENCIES = {"cny", "usd", "hkd", "eur"}
MOST = 99_999_999


class Refused(Exception):
    """An answer that is an error, as Stripe words it."""

    def __init__(self, status, kind, message, *, code=None, param=None, **more):
        super().__init__(message)
        self.status = status
        said = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.body = {"error": {name: value for name, value in said.items() if value is not None}}


def invalid(message, *, code=None, param=None, status=400, **more) -> Refused:
    return Refused(status, "invalid_request_error", message, code=code, param=param, **more)


def nested(pairs) -> dict:
    """`a[b][0]=c` as {"a": {"b": {"0": "c"}}}."""
    whole: dict = {}
    for name, value in pairs:
        at, *rest = name.replace("]", "").split("[")
        inside = whole
        for step in rest:
            inside, at = inside.setdefault(at, {}), step
        inside[at] = value
    return whole


def listed(value) -> list:
    return list(value.values()) if isinstance(value, dict) else []


def only(params, *known):
    for name in params:
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def whole(params, name, default, *, least, most) -> int:
    text = params.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    try:
        number = int(text)
    except ValueError:
        raise invalid(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name) from None
    if number < least:
        raise invalid(
            f"This value must be greater than or equal to {least}.",
            code="parameter_invalid_integer",
            param=name,
        )
    if number > most:
        raise invalid(f"{name} must be no more than {most}", code="amount_too_large", param=name)
    return number


def amount_of(params, name) -> int:
    return whole(params, name, None, least=1, most=MOST)


def currency_of(text) -> str:
    if not text:
        raise invalid("Missing required param: currency.", code="parameter_missing", param="currency")
    if text not in CURRENCIES:
        raise invalid(f"Invalid currency: {text}.", param="currency")
    return text


def methods_of(params) -> list[str]:
    methods = listed(params.get("payment_method_types")) or ["card"]
    for method in methods:
        if method not in METHODS:
            raise invalid(
                f'The payment method type "{method}" is invalid.',
                code="payment_intent_invalid_parameter",
                param="payment_method_types",
            )
    return methods


def unexpected(intent, deed) -> Refused:
    return invalid(
        f"You cannot {deed} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )
