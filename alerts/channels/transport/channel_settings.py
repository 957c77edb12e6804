"""The settings that all channels share, and the text of a mistake in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from email.headerregistry import Address
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    WithJsonSchema,
)

from alerts.core.sending_rates import EXPECTED, RATE, Rate
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.zones import zone_info
from alerts.strict_yaml.mailboxes import one_address
from alerts.strict_yaml.office_hours_entry import OfficeHoursEntry
from alerts.strict_yaml.validation import Flag

Where = Callable[[tuple[str | int, ...]], str]

_MESSAGES = {
    "int_parsing": "expected an integer",
    "int_type": "expected an integer",
    "int_from_float": "expected an integer",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "string_type": "expected text",
    "path_type": "expected a path",
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "missing": "is missing",
    "too_short": "needs at least one entry",
}


def _zone(name: str) -> str:
    try:
        zone_info(name)
    except InputError:
        near = did_you_mean(name, available_timezones())
        raise ValueError(f"unknown time zone {name!r}: expected an IANA name such as America/New_York{near}") from None
    return name


def _not_a_bool(value: object) -> object:
    """Refuse a boolean: YAML's `yes` would otherwise pass for the number 1."""
    if isinstance(value, bool):
        raise ValueError("expected a number")  # noqa: TRY004 # pydantic collects ValueErrors only
    return value


def _without_duplicates(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    if len({address.addr_spec for address in addresses}) < len(addresses):
        raise ValueError("an address is named twice")
    return addresses


def _ascii(address: Address) -> Address:
    """Refuse an address that a server without SMTPUTF8 would not take."""
    if not address.addr_spec.isascii():
        raise ValueError("expected an address of ASCII letters")
    return address


def _no_space(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ValueError("expected ASCII without spaces")
    return secret


def _up_to(most: int) -> BeforeValidator:
    """Return what refuses all but whole numbers from 1 on; from the environment they come as text."""

    def check(value: object) -> int:
        if not re.fullmatch("[1-9][0-9]{0,4}", str(value)) or int(str(value)) > most:
            raise ValueError(f"expected a whole number from 1 to {most}")
        return int(str(value))

    return BeforeValidator(check)


def _rate(value: object) -> Rate | Literal["none"]:
    if value == "none":
        return "none"
    if not isinstance(value, str):
        raise ValueError(EXPECTED)  # noqa: TRY004 # pydantic collects ValueErrors only
    return Rate.parse(value)


Token = Annotated[SecretStr, AfterValidator(_no_space)]  # valid in an HTTP header
Mailbox = Annotated[Address, PlainValidator(one_address)]
AsciiMailbox = Annotated[Mailbox, AfterValidator(_ascii)]
Recipients = Annotated[tuple[Mailbox, ...], Field(min_length=1), AfterValidator(_without_duplicates)]
Zone = Annotated[str, AfterValidator(_zone)]
Port = Annotated[int, BeforeValidator(_not_a_bool), Field(ge=1, le=65535)]
Seconds = Annotated[float, BeforeValidator(_not_a_bool), Field(gt=0, le=600, allow_inf_nan=False)]
RateLimit = Annotated[  # `none`: as fast as it can
    Rate | Literal["none"],
    PlainValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": f"^({RATE.pattern}|none)$"}),
]
Burst = Annotated[int, Field(ge=1, le=1000), _up_to(1000)]
Connections = Annotated[int, Field(ge=1, le=50), _up_to(50)]


NUMBER = re.compile(r"-?[0-9.]{1,7}")  # an error names no other value: it might be a secret


class StrictSettings(BaseModel):
    """Settings in which an unknown key is an error. No error shows a text that may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CommonSettings(StrictSettings):
    """The settings of every channel: the readers' time zone, and the time limit of one send in seconds.

    `answers`: whether its messages have links by which a reader answers; None: as the kind has it. `hours`: when it
    takes what is not critical. `rate`: how many messages it sends at most, `burst`: how many of them at once;
    `connections`: how many are under way at a time. None: as the kind has it.
    """

    timezone: Zone | None = None
    timeout: Seconds = 30.0
    rate: RateLimit | None = None
    burst: Burst | None = None
    connections: Connections | None = None
    answers: Flag | None = None
    hours: OfficeHoursEntry | None = None

    @property
    def total_timeout(self) -> timedelta:
        """Return the time limit of one send."""
        return timedelta(seconds=self.timeout)


class MailSettings(CommonSettings):
    """The settings of channels that send mail. `default`: this channel mails owners, too.

    `shared`: several people read each mailbox, so who answers by a link is asked for their name.
    `reply_to`: who gets replies; without it, the sender does.
    """

    to: Recipients
    default: Flag = False
    shared: Flag = False
    reply_to: AsciiMailbox | None = None


def setting_errors(
    error: ValidationError, model: type[BaseModel], prefix: str, where: Where, hint_for: Mapping[str, str]
) -> Iterator[str]:
    """Yield a line for each mistake, such as `channels.desk.smtp.port: expected an integer, found `x``.

    A value is named only if it is a number: a text may be a secret.
    `hint_for`: hints for keys that only other kinds have.
    """
    for detail in error.errors(include_url=False):
        path = detail["loc"]
        name = ".".join((prefix, *map(str, path)))
        yield f"{where(path)}{name if name.isprintable() else ascii(name)}: {_describe(detail, model, hint_for)}"


def _describe(detail: Any, model: type[BaseModel], hint_for: Mapping[str, str]) -> str:
    kind, path = detail["type"], detail["loc"]
    if kind == "extra_forbidden" and len(path) == 1 and path[0] in hint_for:
        return hint_for[path[0]]
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(path[-1]), _known(model, path[:-1]))}"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    message = _MESSAGES.get(kind) or str(detail["msg"]).replace("Input should be", "expected")
    return f"{message}, found `{detail['input']}`" if NUMBER.fullmatch(str(detail["input"])) else message


def _known(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    inner = fields[str(path[0])].annotation if path else None
    return _known(inner, path[1:]) if isinstance(inner, type) and issubclass(inner, BaseModel) else list(fields)
