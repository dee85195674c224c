"""What the fork server has ready for every child: imported once and shared, and kept out of the children's collections.

Without the freeze each child's first garbage collection writes into, and so copies, the pages that it shares.
"""

import gc

from webapp import installation
from webapp.engine import slot
from webapp.mail.html import page

__all__ = ["installation", "slot"]

page("", "")  # loads what turns a message into HTML
gc.collect()
gc.freeze()
