# SPDX-License-Identifier: Apache-2.0
from typing import Any

# Built from native/*.cpp, where the signatures are; experiment.py and images.py are its only users.
def __getattr__(name: str) -> Any: ...
