"""What every stage may know about writing: lines, scripts, sentences, search terms.

Pure functions over strings. Stages may import from here; nothing here imports a stage.
"""
