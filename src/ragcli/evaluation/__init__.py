"""How well retrieval finds what answers: question sets, metrics, intervals. Pure but for numpy.

Read ``questions.py`` (what is asked, and what answers it), ``metrics.py`` (one question's figures),
``bootstrap.py`` (what the figures of many questions say).
"""
