"""Who may include whom: the layers of the project, as a table.

A layer names the layers below it; it may include those and itself. Public headers of the core lie
in one folder and belong to layers by name. See the table in README.md.
"""
import re

# Layer: the layers that it may include, besides itself. "system" and "C++" headers come last.
ALLOWED = {
    "core/base": [],
    "core/wire": ["core/base"],
    "core/stream": ["core/base", "core/wire"],
    "core/session": ["core/base", "core/wire", "core/stream"],
    "core/endpoint": ["core/base", "core/wire", "core/stream", "core/session"],
    "core/sdp": ["core/base", "core/wire", "core/session"],
    "backends/common": ["core/api"],
    "backends/crypto": ["core/api", "backends/common"],
    "backends/resolve": ["core/api", "backends/common"],
    "backends/tls": ["core/api", "backends/common"],
    "backends/epoll": ["core/api", "backends/common", "backends/resolve"],
    "backends/uring": ["core/api", "backends/common", "backends/resolve"],
    "backends/system": ["core/api", "backends/common", "backends/resolve", "backends/epoll",
                        "backends/uring"],
    "backends/sim": ["core/api", "backends/common"],
    "backends/sim/world": ["core/api", "backends/common", "backends/sim"],
    "apps": ["core/api", "backends/common", "backends/crypto", "backends/resolve",
             "backends/tls", "backends/epoll", "backends/uring", "backends/system",
             "backends/sim", "backends/sim/world", "apps/raw"],
    "apps/raw": [],  # a yardstick that shares code with what it measures would measure nothing
    "fuzz": ["core/api", "core/private", "backends/common", "backends/tls", "tests"],
    "bench": ["core/api", "core/private", "tests"],
    "tests": ["core/api", "core/private", "backends/common", "backends/crypto", "backends/tls",
              "backends/resolve", "backends/epoll", "backends/uring", "backends/system",
              "backends/sim", "backends/sim/world", "apps", "bench"],
}

# core/include/msrp/NAME.hpp belongs to the layer whose concern it is.
PUBLIC = {
    "core/base": "address assert buffer command crypto error ids random shard_mail time",
    "core/wire": "byte_range chunk encoder fingerprint headers limits logger parser path status "
                 "uri",
    "core/session": "body collector session_options",
    "core/endpoint": "engine event",
    "core/sdp": "accept_types negotiation sdp",
}
PUBLIC_LAYER = {name: layer for layer, names in PUBLIC.items() for name in names.split()}
CORE_LAYERS = ("base", "wire", "stream", "session", "endpoint", "sdp")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# The core knows the C++ library alone, and of that nothing which touches the system.
CORE_STANDARD_DENIED = {
    "cstdio", "fstream", "iostream", "istream", "ostream", "sstream", "filesystem", "thread",
    "mutex", "shared_mutex", "condition_variable", "future", "atomic", "random", "locale", "regex",
    "cstdlib", "ctime", "csignal", "cerrno", "stacktrace", "semaphore", "latch", "barrier",
}
# Assertions that fail print a line and end the program: the only exception.
CORE_STANDARD_GRANTED = {"core/src/base/assert.cpp": {"cstdio", "cstdlib"}}
# What each layer may use besides the C++ library.
INTRINSICS = {"immintrin.h", "emmintrin.h", "arm_neon.h"}
OUTSIDE = {
    "core/wire": INTRINSICS,
    "backends/common": {"system"},
    "backends/epoll": {"system"},
    "backends/uring": {"system", "liburing.h"},
    "backends/crypto": {"system", "openssl"},
    "backends/tls": {"openssl"},
    "backends/resolve": {"system", "ares.h"},
    "apps": {"system", "openssl", "CLI", "fmt", "nlohmann"},
    "apps/raw": {"system", "openssl", "liburing.h"},
    "fuzz": {"system", "gtest", "openssl"},
    "bench": {"system", "benchmark"},
    "tests": {"system", "gtest", "gmock", "nlohmann", "openssl", "CLI", "fmt", "ares.h"},
}
LIBRARIES = INTRINSICS | {"openssl", "ares.h", "CLI", "fmt", "nlohmann", "gtest", "gmock",
                          "benchmark", "liburing.h"}


def layer_of(path):
    """The layer that a file of the project belongs to; None: none."""
    parts = path.split("/")
    if path.startswith("core/include/msrp/"):
        return PUBLIC_LAYER.get(parts[3].removesuffix(".hpp"))
    if path.startswith("core/src/"):
        return "core/" + parts[2] if parts[2] in CORE_LAYERS else None
    if path.startswith("backends/sim/world/"):
        return "backends/sim/world"
    if path.startswith("apps/msrp/bench/raw/"):
        return "apps/raw"
    if parts[0] == "backends":
        return "/".join(parts[:2])
    return parts[0]


def target_of(path, name):
    """The file that `#include "name"` in path means, as a path from the project's root."""
    if name.startswith("msrp/"):
        return "core/include/" + name
    if name.split("/")[0] in CORE_LAYERS and "/" in name:
        return "core/src/" + name
    if name.split("/")[0] in ("backends", "apps", "bench"):
        return name
    if name.split("/")[0] in ("support", "cases"):
        return "tests/" + name
    return path.rsplit("/", 1)[0] + "/" + name  # beside it


def may_include(layer, path, target):
    other = layer_of(target)
    if other is None:
        return False
    if layer == other or other in ALLOWED.get(layer, ()):
        return True
    granted = ALLOWED.get(layer, ())
    if target.startswith("core/include/") and "core/api" in granted:
        return True
    return target.startswith("core/src/") and "core/private" in granted


def check_outside(layer, path, name):
    """What is wrong with `#include <name>`; None: nothing."""
    first = name.split("/")[0]
    if first in LIBRARIES:
        kind = first
    elif name.endswith(".h") or "/" in name:
        kind = "system"
    else:  # the C++ library
        if not path.startswith("core/"):
            return None
        if name in CORE_STANDARD_DENIED - CORE_STANDARD_GRANTED.get(path, set()):
            return f"<{name}> in the core: it does no I/O and has no threads; it is handed things"
        return None
    if kind in OUTSIDE.get(layer, ()):
        return None
    return f"<{name}> in {layer}: this layer may not use it"


def check_includes(path, text):
    """Complaints (line, what) about the includes of one C++ file."""
    layer = layer_of(path)
    if layer is None or layer not in ALLOWED:
        yield 1, "belongs to no layer: add it to tests/lint/layers.py"
        return
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        name = match.group(2)
        if match.group(1) == "<":
            complaint = check_outside(layer, path, name)
            if complaint:
                yield line, complaint
        elif not may_include(layer, path, target_of(path, name)):
            yield line, f'"{name}" from {layer}: this layer may not see it'
