"""Texts to vectors: one file per engine or provider, all keeping domain.Embedder's promise."""

# Embedded once when a project is made and again whenever its model is loaded: a model that
# changed behind the same name (a re-pulled tag, an edited folder) answers differently.
PROBE = "The quick brown fox jumps over the lazy dog. 敏捷的棕色狐狸跳过了懒狗。 0123456789"

# Two runs of one model on other machines, thread counts or batch shapes agree to about 1e-6;
# int8 and fp32 of one model differ by 4e-3 and more. Between them lies what is one model.
PROBE_COSINE = 0.9995
