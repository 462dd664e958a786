"""Two formulas behind hybrid search, as small as they get.

Run it: ``python similarity.py``. It needs nothing but Python.

1. Cosine similarity compares two embeddings by the angle between them. The vectors (1, 2, 2) and
   (2, 1, 2) both have length 3 and their dot product is 8, so the cosine is 8/9, about 0.889.
2. Reciprocal rank fusion merges rankings without looking at their scores.
"""

import math
from collections.abc import Iterable, Sequence


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """The cosine of the angle between two vectors: 1 same direction, 0 right angle, -1 opposite.

    A vector of length zero has no direction, so it raises ValueError rather than returning 0.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} dimensions cannot be compared with {len(b)}")
    length_a, length_b = math.hypot(*a), math.hypot(*b)
    if length_a == 0 or length_b == 0:
        raise ValueError("a zero vector has no direction")
    return sum(x * y for x, y in zip(a, b, strict=True)) / (length_a * length_b)


def reciprocal_rank_fusion(rankings: Iterable[Sequence[str]], k: int = 60) -> dict[str, float]:
    """Names with their fused points, best first. Ranks count from 1; a missing name adds nothing.

    Each ranking gives ``1 / (k + rank)`` points. Ties keep the order in which names first appeared.
    """
    points: dict[str, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            points[name] = points.get(name, 0.0) + 1 / (k + rank)
    return dict(sorted(points.items(), key=lambda item: -item[1]))


def main() -> None:
    print(f"cosine: {cosine([1, 2, 2], [2, 1, 2]):.3f}")
    dense = ["refunds.md", "guide.pdf", "faq.html"]
    keyword = ["guide.pdf", "errors.txt", "refunds.md"]
    for name, points in reciprocal_rank_fusion([dense, keyword]).items():
        print(f"{points:.4f}  {name}")


if __name__ == "__main__":
    main()
