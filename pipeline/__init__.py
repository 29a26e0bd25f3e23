"""longdoc: long documents in, proved findings out. The library half; it knows nothing of Prefect.

A document's path, in the order of the modules:
``pdf`` reads, ``split`` finds sections and chunks, ``models`` plans, ``engines`` generate,
``kinds`` ask and check, ``ground`` proves, ``analysis`` joins these, ``store`` keeps, ``report`` shows.
``run`` is one batch from end to end.
"""

__version__ = "0.1.0"
