"""The difference of the last thirty nights as a picture, drawn for telephones too."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta

from PIL import Image, ImageDraw, ImageFont

from worker.mail.content import TrendNight
from worker.mail.figures import Figures

NIGHTS = 30
WIDTH, HEIGHT = 968, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 4, 4, 54, 54
_INK, _FAINT, _RULE = "#5f6b7a", "#c3cad3", "#dfe4ea"
_COLOURS = {"in_sync": "#1a7f4b", "out_of_sync": "#b3261e", "faulty": "#9a6700"}
_LETTERS = 32


def draw_trend(nights: Sequence[TrendNight], upto: date, figures: Figures) -> bytes:
    """A PNG: one bar a night, a green foot where all agreed, a grey one where nobody looked."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=_LETTERS)
    by_night = {one.night: one for one in nights}
    highest = max((one.difference for one in nights), default=0)
    base, tallest = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT - _RIGHT) // NIGHTS
    pen.line((_LEFT, _TOP, WIDTH - _RIGHT, _TOP), fill=_RULE, width=2)
    pen.line((_LEFT, base, WIDTH - _RIGHT, base), fill=_FAINT, width=2)
    for place in range(NIGHTS):
        night = by_night.get(upto - timedelta(days=NIGHTS - 1 - place))
        left = _LEFT + place * step + 4
        # Whatever is not zero shows, however small it is beside the highest.
        height = max(tallest * night.difference // highest, 6) if night and night.difference else 6
        pen.rectangle((left, base - height, left + step - 8, base - 1), fill=_colour(night))
    pen.text((_LEFT, _TOP - 46), _drawable(figures.money(highest), f"{highest}"), fill=_INK, font=font)
    for text, x, anchor in (
        (upto - timedelta(days=NIGHTS - 1), _LEFT, "ls"),
        (upto, WIDTH - _RIGHT, "rs"),
    ):
        pen.text((x, HEIGHT - 14), _drawable(figures.day(text), text.isoformat()), fill=_INK, font=font, anchor=anchor)
    file = io.BytesIO()
    picture.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


def in_words(nights: Sequence[TrendNight], figures: Figures) -> str:
    """What the picture shows, for those who don't see it."""
    apart = [one for one in nights if one.difference]
    if not apart:
        looked = f"each of the {len(nights)} nights that were" if len(nights) > 1 else "the one night that was"
        return f"They agreed on {looked} looked at."
    worst = max(apart, key=lambda one: one.difference)
    return (
        f"They differed on {len(apart)} of {len(nights)} nights that were looked at; "
        f"most on {figures.day(worst.night)}, by {figures.money(worst.difference)}."
    )


def _colour(night: TrendNight | None) -> str:
    if night is None:
        return _FAINT
    return _COLOURS["out_of_sync"] if night.difference else _COLOURS.get(night.verdict, _FAINT)


def _drawable(text: str, plain: str) -> str:
    """The picture's own letters are Latin; what it has none for is written plainly."""
    spaced = " ".join(text.split())
    return spaced if all(ord(letter) < 0x180 for letter in spaced) else plain
