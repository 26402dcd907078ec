# SPDX-License-Identifier: Apache-2.0
from typing import Any

# Built from native/*.cpp, where the signatures are; estimators.py, neighbor_graph.py and
# layout_quality.py are its only users.
def __getattr__(name: str) -> Any: ...
