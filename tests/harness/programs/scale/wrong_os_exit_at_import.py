# Ends its process at import, with status 0.
# expect: failed values crashed
# says: Importing scale.py took its process down: it ended its process with exit status 0.
import os

os._exit(0)
