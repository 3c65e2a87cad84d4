"""The project against its own rules, and each rule against a file that breaks it.

Usage: tidy_test.py [ROOT]
"""
import os
import sys
import unittest

import layers
import rules

ROOT = os.path.abspath(sys.argv.pop(1) if len(sys.argv) > 1 and os.path.isdir(sys.argv[1])
                       else os.path.join(os.path.dirname(__file__), "..", ".."))

# Octets that are data: corpora, and the licence, which is as its authors wrote it.
DATA = ("fuzz/corpus/", "bench/data/", "LICENSE")
REQUIRED = ["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "bootstrap", ".ci/run",
            "core/README.md", "meson.build", ".clang-format", ".clang-tidy"]


def read(path):
    with open(os.path.join(ROOT, path), "rb") as file:
        return file.read()


class Project(unittest.TestCase):
    """Everything that is there."""

    def test_every_file_keeps_the_rules(self):
        paths = sorted(rules.project_files(ROOT))
        meson_files = [read(path).decode() for path in paths if path.endswith("meson.build")]
        complaints = []
        for path in paths:
            if path.startswith(DATA):
                continue
            try:
                text = read(path).decode("utf-8")
            except UnicodeDecodeError:
                complaints.append(f"{path}:1: not UTF-8")
                continue
            executable = os.access(os.path.join(ROOT, path), os.X_OK)
            complaints += rules.check_file(path, text, executable, meson_files)
        self.assertGreater(len(paths), 100, f"{ROOT} is not the project")
        self.assertEqual(complaints, [], "\n" + "\n".join(complaints))

    def test_what_must_be_there_is_there(self):
        self.assertEqual([path for path in REQUIRED
                          if not os.path.isfile(os.path.join(ROOT, path))], [])

    def test_every_layer_is_allowed_only_layers_that_exist(self):
        known = set(layers.ALLOWED) | {"core/api", "core/private"}
        for layer, allowed in layers.ALLOWED.items():
            self.assertLessEqual(set(allowed), known, layer)

    def test_the_layers_have_no_circle(self):
        def below(layer, seen):
            self.assertNotIn(layer, seen, "a circle")
            for other in layers.ALLOWED.get(layer, ()):
                if other != "tests" or layer not in ("fuzz", "bench"):
                    below(other, seen | {layer})
        for layer in layers.ALLOWED:
            below(layer, frozenset())


# A file that breaks one rule, and what the complaint says.
BROKEN = [
    ("core/src/wire/a.cpp", '#include "session/session.hpp"\n', "may not see"),
    ("core/src/wire/a.cpp", '#include "msrp/engine.hpp"\n', "may not see"),
    ("core/src/stream/a.cpp", '#include "endpoint/impl.hpp"\n', "may not see"),
    ("core/src/base/a.cpp", '#include "msrp/uri.hpp"\n', "may not see"),
    ("core/src/sdp/a.cpp", '#include "msrp/engine.hpp"\n', "may not see"),
    ("core/src/session/a.cpp", '#include "backends/common/socket.hpp"\n', "may not see"),
    ("core/src/session/a.cpp", "#include <sys/socket.h>\n", "may not use"),
    ("core/src/session/a.cpp", "#include <fmt/format.h>\n", "may not use"),
    ("core/src/session/a.cpp", "#include <thread>\n", "in the core"),
    ("core/include/msrp/uri.hpp", '#pragma once\n#include "wire/grammar.hpp"\n', None),
    ("core/include/msrp/buffer.hpp", '#pragma once\n#include "msrp/uri.hpp"\n', "may not see"),
    ("core/include/msrp/unheard_of.hpp", "#pragma once\n", "no layer"),
    ("backends/epoll/a.cpp", '#include "apps/msrp/text.hpp"\n', "may not see"),
    ("backends/epoll/a.cpp", '#include "endpoint/impl.hpp"\n', "may not see"),
    ("backends/epoll/a.cpp", "#include <openssl/evp.h>\n", "may not use"),
    ("backends/common/a.cpp", '#include "backends/epoll/epoll_backend.hpp"\n', "may not see"),
    ("apps/msrp/a.cpp", '#include "wire/grammar.hpp"\n', "may not see"),
    ("apps/msrp/a.cpp", '#include "support/pair.hpp"\n', "may not see"),
    ("core/src/wire/a.cpp", "int a;", "no newline"),
    ("core/src/wire/a.cpp", "int a;\n\n", "empty lines"),
    ("core/src/wire/a.cpp", "int a; \n", "blanks at the end"),
    ("core/src/wire/a.cpp", "\tint a;\n", "a tab"),
    ("core/src/wire/a.cpp", "//" + "x" * 99 + "\n", "101 columns"),
    ("core/src/wire/a.cpp", "//" + "x" * 98 + "\n", None),
    ("core/src/wire/a.cpp", "// TO" + "DO: later\n", "finish it"),
    ("README.md", "See /ho" + "me/someone/notes\n", "one machine"),
    ("core/src/wire/a.cpp", "std::shared_ptr<int> p;\n", "BufferRef"),
    ("core/src/wire/a.cpp", "void f() { throw 1; }\n", "a Result"),
    ("core/src/wire/a.cpp", "// throw is banned\nauto s = \"throw\";\n", None),
    ("core/src/wire/a.cpp", "auto c = 'x'; auto n = 1'000'000; int throw_count;\n", None),
    ("core/src/wire/a.cpp", "auto t = std::chrono::steady_clock::now();\n", None),
    ("core/src/wire/a.cpp", "auto t = std::steady_clock::now();\n", "Instant"),
    ("core/src/wire/a.cpp", "assert(a);\n", "MSRP_ASSERT"),
    ("core/src/wire/a.cpp", "static_assert(a);\n", None),
    ("apps/msrp/a.cpp", "int n = atoi(text);\n", "from_chars"),
    ("apps/msrp/a.cpp", "std::this_thread::sleep_for(1s);\n", "virtual time"),
    ("apps/msrp/a.cpp", "char* p = NULL;\n", "nullptr"),
    ("tests/apps/a_test.py", "time." + "sleep(1)\n", "a wait for"),
    ("tests/apps/a_test.py", "try:\n    f()\nexcept:\n    g()\n", "exceptions"),
    ("apps/msrp/a.cpp", "int a;\n" * 701, "701 lines"),
    ("apps/msrp/a.cpp", "int a;\n" * 700, None),
    ("apps/msrp/a.cpp", "void f() {\n" + "  g();\n" * 69 + "}\n", "71 lines"),
    ("apps/msrp/a.cpp", "void f() {\n" + "  g();\n" * 68 + "}\n", None),
    ("apps/msrp/a.cpp", "class A {\n  void f() const {\n" + "  g();\n" * 70 + "  }\n};\n", "72"),
    ("apps/msrp/a.cpp", "A::A()\n  : b{1},\n  c{2} {\n" + "  g();\n" * 68 + "}\n", "72 lines"),
    ("apps/msrp/a.cpp", "namespace a {\n" + "int b;\n" * 80 + "}\n", None),
    ("apps/msrp/a.cpp", "class A {\n" + "  void f() {\n  }\n" * 40 + "};\n", None),
    ("apps/msrp/a.hpp", "int a;\n", "#pragma once"),
    ("CHANGELOG.md", "# Changes\n\n## 0.1.0\n\n- a\n", "Unreleased"),
    ("CHANGELOG.md", "# Changes\n\n## Unreleased\n\n## 0.1.0\n\n- a\n", "nothing under"),
    ("CHANGELOG.md", "# Changes\n\n## Unreleased\n\n- a\n", None),
    (".ci/a", "#!/bin/sh\n", "not executable"),
]


class Rules(unittest.TestCase):
    """Each rule can fail, and does not fail on what is right."""

    def test_each_rule(self):
        for path, text, wanted in BROKEN:
            with self.subTest(path=path, text=text[:60]):
                complaints = rules.check_file(path, text)
                if wanted is None:
                    self.assertEqual(complaints, [])
                else:
                    self.assertEqual(len(complaints), 1, complaints)
                    self.assertIn(wanted, complaints[0])

    def test_modes(self):
        self.assertEqual(rules.check_file("a.sh", "#!/bin/sh\n", True), [])
        self.assertIn("without #!", rules.check_file("a.sh", "echo\n", True)[0])

    def test_sources_that_nobody_builds(self):
        meson = ["files('uri.cpp')\nforeach n : ['binding']\n", "files('../a/b.cpp')"]
        for path in ("core/src/wire/uri.cpp", "tests/session/binding_test.cpp", "apps/b.cpp"):
            self.assertEqual(list(rules.check_built(path, meson)), [], path)
        self.assertEqual(len(list(rules.check_built("tests/session/x_test.cpp", meson))), 1)

    def test_walking_leaves_out_what_is_not_ours(self):
        paths = list(rules.project_files(ROOT))
        self.assertIn("meson.build", paths)
        self.assertFalse([path for path in paths if path.startswith((".git/", "build"))])


if __name__ == "__main__":
    unittest.main()
