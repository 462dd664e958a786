"""Languages by their English names, for messages."""

from __future__ import annotations

# ISO 639-1, the languages of more than ten million speakers and of Europe.
_NAMES = """
am Amharic ar Arabic az Azerbaijani be Belarusian bg Bulgarian bn Bengali bs Bosnian ca Catalan
cs Czech cy Welsh da Danish de German el Greek en English eo Esperanto es Spanish et Estonian
eu Basque fa Persian fi Finnish fr French ga Irish gl Galician gu Gujarati he Hebrew hi Hindi
hr Croatian hu Hungarian hy Armenian id Indonesian is Icelandic it Italian ja Japanese ka Georgian
kk Kazakh km Khmer kn Kannada ko Korean ku Kurdish lo Lao lt Lithuanian lv Latvian mk Macedonian
ml Malayalam mn Mongolian mr Marathi ms Malay mt Maltese my Burmese nb Norwegian ne Nepali nl Dutch
nn Norwegian no Norwegian or Odia pa Punjabi pl Polish ps Pashto pt Portuguese ro Romanian
ru Russian si Sinhala sk Slovak sl Slovenian so Somali sq Albanian sr Serbian sv Swedish sw Swahili
ta Tamil te Telugu th Thai tl Tagalog tr Turkish uk Ukrainian ur Urdu uz Uzbek vi Vietnamese
yo Yoruba zh Chinese zu Zulu
""".split()  # noqa: SIM905 - a quoted word each would fill a page


def language_name(code: str) -> str:
    """The name of an ISO 639-1 code; the code itself where it is not known here."""
    names = dict(zip(_NAMES[::2], _NAMES[1::2], strict=True))
    return names.get(code, f"`{code}`")
