"""Which storms run: short ones in `make test`, long ones in `make soak`, which sets OUTTRAY_SOAK_… variables."""

import os

IS_LONG = any(name.startswith("OUTTRAY_SOAK_") for name in os.environ)
DATABASES = ["sqlite", "postgresql"] if IS_LONG else ["sqlite"]  # where the database makes no difference to the rule
