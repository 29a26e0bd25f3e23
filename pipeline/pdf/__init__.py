"""Reading: a PDF's bytes become a :class:`pipeline.types.Document`, in processes that may die.

``read`` is the front (in the caller's process); ``worker`` and ``ocr`` are the processes behind it; ``pdfium`` and
``standin`` open files there; ``clean``, ``health`` and ``layout`` are pure.
"""
