"""What the documents show is what there is: the loop, the links, the commands of two terminals.

Usage: readme_test.py ROOT [MSRP]
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = os.path.abspath(sys.argv[1])
PROGRAM = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
PATIENCE = float(os.environ.get("MSRP_TEST_PATIENCE", "60"))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Readme(unittest.TestCase):
    def test_the_loop_is_the_one_that_is_compiled(self):
        for path in ("README.md", "core/README.md"):
            self.assertEqual(blocks(read(path), "cpp"), [read("tests/readme/loop.cpp")], path)

    def test_the_loop_has_twenty_lines(self):
        body = read("tests/readme/loop.cpp").split("\nbool turn(", 1)[1]
        self.assertLessEqual(body.count("\n") - 1, 20)

    def test_the_example_of_the_simulation_is_the_one_that_runs(self):
        sources = [read("tests/sim/echo_server.hpp"), read("tests/sim/echo_story.cpp")]
        shown = blocks(read("docs/simulation.md"), "cpp")
        self.assertEqual(len(shown), 3)
        for block in shown:
            self.assertTrue(any(block in source for source in sources), block)

    def test_links_lead_somewhere(self):
        documents = ["README.md", "CONTRIBUTING.md", "core/README.md", "docs/README.md"]
        for path in documents:
            for target in re.findall(r"\]\(([^)#:]+)\)", read(path)):
                place = os.path.join(ROOT, os.path.dirname(path), target)
                self.assertTrue(os.path.exists(place), f"{path}: {target}")

    def test_paths_that_are_named_exist(self):
        for path in ("README.md", "CONTRIBUTING.md", "core/README.md"):
            for name in re.findall(r"`((?:backends|apps|core|tests|fuzz|\.ci|msrp)/[\w./-]+)`",
                                   read(path)):
                places = [name, os.path.join("core/include", name)]
                self.assertTrue(any(os.path.exists(os.path.join(ROOT, p)) for p in places),
                                f"{path}: {name}")

    def test_the_rules_name_tests_that_exist(self):
        named = re.findall(r"`(\w+)\.(\w+)`", read("core/README.md"))
        rules = [(suite, name) for suite, name in named if suite[0].isupper()]
        self.assertGreater(len(rules), 10)
        sources = "".join(read(os.path.join("tests/session", name))
                          for name in os.listdir(os.path.join(ROOT, "tests/session"))
                          if name.endswith(".cpp"))
        for suite, name in rules:
            found = re.search(rf"TEST(_F|_P)?\({suite}, {name}\)", sources)
            self.assertIsNotNone(found, f"{suite}.{name}")

    def test_the_first_screen_has_two_commands(self):
        self.assertEqual(blocks(read("README.md"), "sh")[0].splitlines(),
                         ["./bootstrap && build/msrp demo", "./bootstrap && meson test -C build"])

    @unittest.skipIf(PROGRAM is None, "the command is not built")
    def test_two_terminals(self):
        recv_block, send_block, *_ = blocks(read("README.md"), "console")
        self.assertIn("hello", self.run_terminals(recv_block, send_block))

    @unittest.skipIf(PROGRAM is None, "the command is not built")
    def test_two_terminals_with_tls(self):
        *_, recv_block, send_block = blocks(read("README.md"), "console")
        self.assertIn("--tls", recv_block)
        self.run_terminals(recv_block, send_block)

    def run_terminals(self, recv_block, send_block):
        """What recv printed goes into the command line of send. Returns what recv says then."""
        recv_line, *shown = recv_block.splitlines()
        self.assertTrue(recv_line.startswith("$ build/msrp "))
        # The port that the document shows may be taken here.
        self.assertRegex(shown[0], r"^msrps?://127\.0\.0\.1:2855/")
        with tempfile.TemporaryDirectory() as folder:
            recv = [PROGRAM, *(folder if word == "/tmp" else word
                               for word in shlex.split(recv_line)[2:]), "--listen", "127.0.0.1:0"]
            with subprocess.Popen(recv, stdout=subprocess.PIPE, text=True) as process:
                timer = threading.Timer(PATIENCE, process.kill)
                timer.start()
                send_line = send_block.removeprefix("$ build/msrp ").replace("\\\n", "")
                for known in shown:
                    said = process.stdout.readline().strip()
                    form = r"(\w+://127\.0\.0\.1:\d+/\w+;tcp|sha-256 [0-9A-F:]{95})"
                    self.assertRegex(said, f"^{form}$")
                    self.assertIn(known, send_line)
                    send_line = send_line.replace(known, said)
                subprocess.run([PROGRAM, *shlex.split(send_line)], cwd=ROOT, check=True,
                               timeout=PATIENCE, stdout=subprocess.DEVNULL)
                rest = process.stdout.read()
                process.wait()
                timer.cancel()
            self.assertEqual(process.returncode, 0)
            with open(os.path.join(folder, "LICENSE"), encoding="utf-8") as file:
                self.assertEqual(file.read(), read("LICENSE"))
        return rest


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
