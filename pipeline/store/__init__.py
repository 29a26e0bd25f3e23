"""The database: documents, analyses with findings and evidence, runs, durable completions, decisions, digests.

Importing this package imports SQLAlchemy (0.15 s): do it at the point of use.
"""

from pipeline.store.decisions import Entry, Outcome
from pipeline.store.store import Store, StoreInfo

__all__ = ["Entry", "Outcome", "Store", "StoreInfo"]
