"""WenQuanYi Micro Hei (Apache-2.0): so that PDFs which embed no font read right on a machine without Chinese fonts."""

from pathlib import Path

FONT = Path(__file__).with_name("wqy-microhei.ttc")
"""TrueType collection; face 0 is the proportional one."""
