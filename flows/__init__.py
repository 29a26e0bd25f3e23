"""The Prefect side: flows, deployments, and the plugin. Only this package knows Prefect."""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")  # before Prefect is imported: it asks at import
