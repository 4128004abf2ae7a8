"""Speed, side by side with the peers: ``python -m benchmarks``."""

import os

# One thread for everyone. NumPy and PyTorch read these once, when they are loaded.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
