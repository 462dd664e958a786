"""How near ingest comes to what this machine can multiply, beside sentence-transformers.

    python benchmarks/ingest.py [FOLDER] [--tokens 60000] [--runs 3] [--lengths 60,180,250] [--json]

The words of FOLDER's texts (default: sample_docs) become folders of paragraphs of about 60, 180 and
250 tokens, each of which is one chunk. In turns, every one a process of its own:

* `SentenceTransformer.encode` at its defaults on exactly the texts of the chunks, the model's
  loading not counted: what all others are compared with;
* `rag ingest` of the folder into a new project, everything included;
* the embedding step of ragcli alone, its model's loading not counted.

The share is of the fp32 matrix-multiply limit (limits.py), measured before and after; it can be
over 1 for int8, whose arithmetic is another.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import limits
from common import Command, Run, model_folder, rag_command, run_well, summary, take_turns

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
SAMPLE_DOCS = HERE.parent / "sample_docs"
EMBED = [sys.executable, str(HERE / "embed_texts.py")]

# At 3,000 tokens/s, what sentence-transformers does on two cores, 20 s: long enough for a steady
# figure, and for the start of the process to weigh as little as it does on a real folder.
TOKENS = 60_000
RUNS = 3
PARAGRAPHS_A_FILE = 25
PLAIN = "SentenceTransformer.encode"


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to embed: what `rag ingest` and the embedder are told. ``option`` is looked for in
    `rag ingest --help`; where it is missing the variant is left out."""

    name: str
    option: str | None = None
    ingest: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


VARIANTS = (
    Variant("fp32"),
    Variant("int8", "--precision", ("--precision", "int8"), {"precision": "int8"}),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """A folder to ingest, its chunks as ragcli cuts them, and their lengths in tokens."""

    folder: Path
    file: Path
    lengths: tuple[int, ...]
    chunk_tokens: int

    @property
    def tokens(self) -> int:
        return sum(self.lengths)


class Maker:
    """Makes folders out of real words."""

    def __init__(self, source: Path, work: Path) -> None:
        from tokenizers import Tokenizer

        self._source, self._work = source, work
        self._tokenizer: Tokenizer = Tokenizer.from_file(f"{model_folder()}/tokenizer.json")
        # The packaged file cuts and pads at 128; the model's limit is 256.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def make(self, length: int, tokens: int) -> Texts:
        """A folder of texts of about ``length`` tokens, the model's special ones included."""
        place = self._work / str(length)
        folder, file = place / "texts", place / "texts.json"
        folder.mkdir(parents=True)
        chunk_tokens = length - self._tokenizer.num_special_tokens_to_add(is_pair=False)
        paragraphs = list(self._paragraphs(chunk_tokens, tokens))
        for start in range(0, len(paragraphs), PARAGRAPHS_A_FILE):
            text = "\n\n".join(paragraphs[start : start + PARAGRAPHS_A_FILE]) + "\n"
            (folder / f"{start:05}.txt").write_text(text, encoding="utf-8")
        texts = _chunks(folder, place / "project", chunk_tokens)
        file.write_text(json.dumps(texts), encoding="utf-8")
        lengths = tuple(len(one.ids) for one in self._tokenizer.encode_batch(texts))
        return Texts(folder, file, lengths, chunk_tokens)

    def _paragraphs(self, room: int, tokens: int) -> Iterator[str]:
        """Words in their order, as many as fit; each paragraph once, `tokens` in all."""
        seen: set[str] = set()
        words: list[str] = []
        filled = total = 0
        for word in self._words():
            size = len(self._tokenizer.encode(word, add_special_tokens=False).ids)
            if filled + size > room and words:
                if (text := " ".join(words)) not in seen:
                    seen.add(text)
                    yield text
                    total += filled
                if total >= tokens:
                    return
                words, filled = [], 0
            words.append(word)
            filled += size

    def _words(self) -> Iterator[str]:
        for path in sorted([*self._source.rglob("*.md"), *self._source.rglob("*.txt")]):
            try:
                yield from path.read_text(encoding="utf-8").split()
            except UnicodeDecodeError:
                continue


def _ingest(folder: Path, project: Path, chunk_tokens: int, *more: str) -> list[str]:
    size = ["--chunk-tokens", str(chunk_tokens), *more]
    return [rag_command(), "ingest", str(folder), "--project", str(project), *size, "--quiet"]


def _chunks(folder: Path, project: Path, chunk_tokens: int) -> list[str]:
    """The texts as ragcli cuts them."""
    run_well(_ingest(folder, project, chunk_tokens))
    texts = []
    for path in sorted(folder.iterdir()):
        argv = [rag_command(), "chunks", str(path), "--project", str(project), "--json"]
        texts += [chunk["text"] for chunk in json.loads(run_well(argv).stdout)["chunks"]]
    return texts


def variants() -> list[Variant]:
    """Those that this `rag` has."""
    has = run_well([rag_command(), "ingest", "--help"]).stdout
    return [one for one in VARIANTS if one.option is None or one.option in has]


def commands(texts: Texts, chosen: Sequence[Variant], work: Path) -> dict[str, Command]:
    project = work / "project"
    made = {PLAIN: Command([*EMBED, str(texts.file), "sentence-transformers"], speaks=True)}
    for one in chosen:
        made[f"rag ingest, {one.name}"] = Command(
            _ingest(texts.folder, project, texts.chunk_tokens, *one.ingest),
            before=lambda: shutil.rmtree(project, ignore_errors=True),
        )
        argv = [*EMBED, str(texts.file), "ragcli", "--settings", json.dumps(one.settings)]
        made[f"embedding alone, {one.name}"] = Command(argv, speaks=True)
    return made


def seconds(one: Run) -> float:
    """As the process told them, or of the whole process."""
    return float(json.loads(one.stdout)["seconds"]) if one.stdout.strip() else one.wall_s


def measure(
    source: Path, lengths: Sequence[int], tokens: int, runs: int, work: Path
) -> dict[str, Any]:
    """For each length: tokens and chunks a second, to sentence-transformers and to the limit."""
    chosen = variants()
    maker = Maker(source, work)
    before = limits.measure()
    all_turns = {}
    for length in lengths:
        texts = maker.make(length, tokens)
        print(f"  {len(texts.lengths)} texts, {texts.tokens} tokens", file=sys.stderr)
        turns = take_turns(commands(texts, chosen, work), runs)
        all_turns[length] = texts, turns
    after = limits.measure()
    gflops = max(one["gflops"]["all cores"] for one in (before, after))
    told: dict[str, Any] = {"gflops": gflops, "lengths": {}}
    for length, (texts, turns) in all_turns.items():
        rates = summary(turns, "tokens_per_s", lambda one, t=texts: t.tokens / seconds(one))
        best = texts.tokens / limits.least_seconds(texts.lengths, gflops)
        for one in rates.values():
            if "error" not in one:
                rate = one["tokens_per_s"]["median"]
                one["chunks_per_s"] = round(rate * len(texts.lengths) / texts.tokens, 1)
                one["share_of_limit"] = round(rate / best, 3)
        told["lengths"][str(length)] = {
            "texts": len(texts.lengths),
            "tokens": texts.tokens,
            "mean_tokens": round(texts.tokens / len(texts.lengths), 1),
            "limit_tokens_per_s": round(best),
            "rates": rates,
        }
    return told


def show(told: Mapping[str, Any]) -> None:
    print(f"\nfp32 matrix multiply: {told['gflops']:.0f} GFLOP/s on all cores")
    for one in told["lengths"].values():
        about = f"{one['texts']:,} texts of {one['mean_tokens']:.0f} tokens"
        print(f"\n| {about} | tokens/s | chunks/s | speed-up | of the limit | peak memory |")
        print("|---|---|---|---|---|---|")
        for name, rate in one["rates"].items():
            if "error" in rate:
                print(f"| {name} | failed: {rate['error'][:90]} | | | | |")
                continue
            speed_up = f"{rate['ratio']:.2f}" if "ratio" in rate else "–"
            print(
                f"| {name} | {rate['tokens_per_s']['median']:,.0f} | {rate['chunks_per_s']:,.1f}"
                f" | {speed_up} | {rate['share_of_limit']:.0%}"
                f" | {rate['peak_mib']:,} MiB {rate['peak_of']} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLE_DOCS)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of each length, at most")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--lengths", default=",".join(map(str, limits.LENGTHS)))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    lengths = [int(length) for length in given.lengths.split(",")]
    with tempfile.TemporaryDirectory() as work:
        told = measure(given.folder.resolve(), lengths, given.tokens, given.runs, Path(work))
    if given.json:
        print(json.dumps(told))
    else:
        show(told)


if __name__ == "__main__":
    main()
