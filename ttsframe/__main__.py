"""`python -m ttsframe`."""

import sys

from ttsframe.cli import main

sys.exit(main())
