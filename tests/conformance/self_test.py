#!/usr/bin/env python3
"""Shows that the checks of matrix.py can fail, and what counts as covered."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

MATRIX = pathlib.Path(__file__).resolve().with_name("matrix.py")


class MatrixTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("tests/conformance/requirements/rfc4975.md", """\
# Some
- `R4975-7.1-1 | MUST | endpoint-sender |` The first
- `R4975-7.1-2 | MUST NOT | parser |` The second
- `R4975-7.1-3 | ABNF | uri |` The third
- `R4975-7.1-10 | MAY | uri |` The tenth
""")
        self.write("tests/conformance/readings.md", "- `A-1` One way.\n- `A-12` Another.\n")
        self.write("tests/conformance/not_applicable.md", "- `R4975-7.1-10`: for a reason.\n")
        self.write("tests/some_test.cpp", "// R4975-7.1-1, A-12\nTEST(A, B) {}\n")
        (self.root / "fuzz").mkdir()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def append(self, name, text):
        with open(self.root / name, "a", encoding="utf-8") as file:
            file.write(text)

    def run_matrix(self, *arguments):
        return subprocess.run([sys.executable, MATRIX, "--root", self.root, *arguments],
                              capture_output=True, text=True, check=False)

    def expect_error(self, words):
        result = self.run_matrix("--check")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(words, result.stderr)

    def expect_covered(self, id_, place):
        result = self.run_matrix()
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        index = next(n for n, line in enumerate(lines) if line.startswith(id_ + " "))
        self.assertEqual(lines[index + 1], f"    covered: {place}" if place else "    not yet")

    def test_clean_tree_passes(self):
        result = self.run_matrix("--check")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_every_state_is_printed(self):
        self.expect_covered("R4975-7.1-1", "tests/some_test.cpp:1")
        self.expect_covered("R4975-7.1-2", None)
        self.expect_covered("A-1", None)
        self.expect_covered("A-12", "tests/some_test.cpp:1")
        self.assertIn("    not applicable: for a reason.", self.run_matrix().stdout)

    def test_open_lists_only_what_is_open(self):
        output = self.run_matrix("--open").stdout
        self.assertIn("R4975-7.1-2 ", output)
        self.assertNotIn("R4975-7.1-1 ", output)
        self.assertNotIn("R4975-7.1-10", output)

    def test_summary_counts(self):
        lines = self.run_matrix("--summary").stdout.splitlines()
        self.assertEqual(lines[1].split(), ["RFC", "4975", "1", "2", "0", "1", "4"])
        self.assertEqual(lines[-1].split(), ["all", "2", "3", "0", "1", "6"])

    def test_some_roles_come_later(self):
        self.append("tests/conformance/requirements/rfc4975.md",
                    "- `R4975-7.1-4 | MUST | relay |` A name\n")
        self.append("tests/conformance/readings.md", "- `A-2 | cpim` A third.\n")
        self.assertIn("R4975-7.1-4 (MUST, relay) A name\n    later\n", self.run_matrix().stdout)
        lines = self.run_matrix("--summary").stdout.splitlines()
        self.assertEqual(lines[-1].split(), ["all", "2", "3", "2", "1", "8"])

    def test_what_has_to_be_complete(self):
        result = self.run_matrix("--check", "--complete", "4975,6135")
        self.assertEqual(result.returncode, 1)
        self.assertIn("R4975-7.1-2: no test covers it\n", result.stderr)
        self.assertNotIn("R4975-7.1-1", result.stderr)
        self.write("fuzz/some.cpp", "// R4975-7.1-2..3\n")
        self.assertEqual(self.run_matrix("--check", "--complete", "4975").returncode, 0)

    def test_one_rfc(self):
        output = self.run_matrix("--rfc", "4975").stdout
        self.assertIn("R4975-7.1-1 ", output)
        self.assertNotIn("A-12", output)
        self.assertNotEqual(self.run_matrix("--rfc", "9999").returncode, 0)

    def test_range_covers_each(self):
        self.write("fuzz/some.cpp", "// R4975-7.1-2..3\n")
        self.expect_covered("R4975-7.1-2", "fuzz/some.cpp:1")
        self.expect_covered("R4975-7.1-3", "fuzz/some.cpp:1")

    def test_in_markdown_only_a_line_of_ids_counts(self):
        self.write("tests/cases/some.md", "See R4975-7.1-2 for this.\n\nR4975-7.1-3, A-1\n")
        self.expect_covered("R4975-7.1-2", None)
        self.expect_covered("R4975-7.1-3", "tests/cases/some.md:3")
        self.expect_covered("A-1", "tests/cases/some.md:3")

    def test_unknown_ids_are_errors(self):
        for name, text in (("tests/a.cpp", "// R4975-7.1-4\n"), ("tests/b.py", "# A-2\n"),
                           ("tests/c.md", "R4975-9-1\n"), ("tests/d.md", "Prose, R9999-1-1.\n"),
                           ("fuzz/e.cpp", "// R4975-7.1-2..4\n")):
            with self.subTest(name):
                self.write(name, text)
                self.expect_error(f"{name}:1: ")
                (self.root / name).unlink()

    def test_id_twice_is_an_error(self):
        self.append("tests/conformance/requirements/rfc4975.md",
                    "- `R4975-7.1-1 | MAY | parser |` Once more\n")
        self.expect_error("rfc4975.md:6: R4975-7.1-1 stands twice")

    def test_reading_twice_is_an_error(self):
        self.append("tests/conformance/readings.md", "- `A-1` Once more.\n")
        self.expect_error("readings.md:3: A-1 stands twice")

    def test_covered_and_not_applicable_is_an_error(self):
        self.append("tests/conformance/not_applicable.md", "- `R4975-7.1-1`: no reason.\n")
        self.expect_error("R4975-7.1-1: both not applicable and covered, tests/some_test.cpp:1")

    def test_not_applicable_must_exist_and_have_a_reason(self):
        self.append("tests/conformance/not_applicable.md", "- `R4975-7.1-5`: gone.\n")
        self.expect_error("not_applicable.md:2: R4975-7.1-5 does not exist")
        self.write("tests/conformance/not_applicable.md", "- `R4975-7.1-10`:\n")
        self.expect_error("not_applicable.md:1: not a line of the form expected")

    def test_malformed_requirement_is_an_error(self):
        self.append("tests/conformance/requirements/rfc4975.md",
                    "- `R4975-7.1-4 | PERHAPS | parser |` Never\n")
        self.expect_error("rfc4975.md:6: not a line of the form expected")

    def test_requirement_of_another_rfc_is_an_error(self):
        self.append("tests/conformance/requirements/rfc4975.md",
                    "- `R4976-7.1-4 | MAY | parser |` Elsewhere\n")
        self.expect_error("R4976-7.1-4 stands in the file of another RFC")

    def test_no_requirement_is_an_error(self):
        (self.root / "tests/conformance/requirements/rfc4975.md").unlink()
        self.expect_error("no requirement found")


if __name__ == "__main__":
    unittest.main()
