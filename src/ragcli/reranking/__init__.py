"""Two texts to scores: a model that reads both together (a cross-encoder).

It knows more of a pair than two embeddings can, and costs a pass of a network for each pair; so it
orders the few candidates that retrieval has found (``reranker.py``), and judges the few claims of
an answer beside their sources (``entailment.py``). docs/decisions.md says how far each counts.
"""

# Scored when an export is made and again whenever it is loaded: a text that belongs to the first,
# and another.
_QUESTION = "How long is the warranty? 保修期多长？"
PROBES = (
    (_QUESTION, "The warranty runs for 24 months from delivery. 保修期为二十四个月。"),
    (_QUESTION, "It rained on the day of the picnic."),
)

# In logits. Runs of one fp32 model on other runtimes, thread counts or batch shapes differ by some
# 1e-5; this much changes a probability by 0.00025 at most.
SAME_LOGIT = 1e-3
