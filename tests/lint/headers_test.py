"""Every header can be included alone, and twice.

A header that some .cpp file includes before anything else is compiled alone there; the others are
compiled here. Usage: headers_test.py ROOT COMPILER...
"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import unittest

import layers
import rules

ROOT = os.path.abspath(sys.argv[1])
COMPILER = sys.argv[2:]
FLAGS = ["-std=c++23", "-x", "c++", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
# As meson.build has it: options structs are filled by name. Not for the headers of our users.
OWN_FLAGS = ["-Wno-missing-field-initializers"]
# What a folder's own code is compiled with.
INCLUDES = {
    "core/include/": ["core/include"],
    "core/src/": ["core/include", "core/src"],
    "backends/": ["core/include", "."],
    "apps/": ["core/include", "."],
    "fuzz/": ["core/include", "core/src", "tests", "fuzz", "."],
    "bench/": ["core/include", "core/src", "tests", "."],
    "tests/": ["core/include", "core/src", "tests", "."],
}


def compile_alone(header, includes, more=()):
    """What the compiler says about a file that includes the header twice and nothing else."""
    source = f'#include "{header}"\n#include "{header}"\n'
    folders = ("-I" + os.path.join(ROOT, path) for path in includes)
    command = [*COMPILER, *FLAGS, *more, *folders, "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True, cwd=ROOT,
                          check=False)
    return done.stderr if done.returncode != 0 else ""


def first_include(path, text):
    """The header of the project that a source begins with."""
    match = layers.INCLUDE.search(text)
    if match and match.group(1) == '"':
        return layers.target_of(path, match.group(2))
    return None


class Headers(unittest.TestCase):
    def test_each_is_self_contained(self):
        paths = sorted(rules.project_files(ROOT))
        compiled_elsewhere = set()
        for path in paths:
            if path.endswith(".cpp"):
                with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                    compiled_elsewhere.add(first_include(path, file.read()))
        jobs = []
        for path in paths:
            folder = next((f for f in INCLUDES if path.startswith(f)), None)
            if path.endswith(".hpp") and folder and path not in compiled_elsewhere:
                more = [] if folder == "core/include/" else OWN_FLAGS
                jobs.append((path, INCLUDES[folder], more))
        self.assertGreater(len(jobs), 10)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            complaints = "".join(pool.map(lambda job: compile_alone(*job), jobs))
        self.assertEqual(complaints, "", "\n" + complaints)

    def test_one_that_is_not_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            header = os.path.join(folder, "needs_string.hpp")
            with open(header, "w", encoding="ascii") as file:
                file.write("#pragma once\ninline std::string name();\n")
            self.assertIn("string", compile_alone(header, []))
            with open(header, "w", encoding="ascii") as file:
                file.write("struct Twice {};\n")
            self.assertIn("Twice", compile_alone(header, []))

    def test_what_a_source_includes_first(self):
        self.assertEqual(first_include("core/src/wire/uri.cpp", '// a\n#include "msrp/uri.hpp"\n'),
                         "core/include/msrp/uri.hpp")
        self.assertEqual(first_include("core/src/wire/a.cpp", '#include "wire/a.hpp"\n'),
                         "core/src/wire/a.hpp")
        self.assertIsNone(first_include("a/b.cpp", '#include <map>\n#include "b.hpp"\n'))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
