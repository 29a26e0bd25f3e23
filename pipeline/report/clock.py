"""Moments as people read them: in their own time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.errors import SettingsError
from pipeline.lang import Text

DEFAULT_ZONE = "Asia/Shanghai"


def zone_of(name: str) -> ZoneInfo:
    """The time zone called ``name``. Raises SettingsError if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            Text(f"不认识的时区：{name!r}", f"unknown time zone: {name!r}"),
            Text("请用 IANA 名称，如 Asia/Shanghai", "use an IANA name, such as Asia/Shanghai"),
        ) from None


def minute(moment: datetime, zone: ZoneInfo) -> str:
    """``2026-03-02 08:30`` in ``zone``."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def minute_and_zone(moment: datetime, zone: ZoneInfo) -> str:
    """``2026-03-02 08:30 (UTC+8)``, where a reader may sit in another zone."""
    sign, hours, minutes = (local := f"{moment.astimezone(zone):%z}")[0], int(local[1:3]), local[3:5]
    offset = f"{sign}{hours}" + f":{minutes}" * (minutes != "00")
    return f"{minute(moment, zone)} (UTC{offset if offset[1:] != '0' else ''})"
