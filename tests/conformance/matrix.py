#!/usr/bin/env python3
"""Prints which requirements the tests cover, and checks that the ids in the tests are right."""

import argparse
import collections
import pathlib
import re
import sys

ID = r"(?:R\d{4}-[0-9A-Z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?-\d+|A-\d+)"
MENTION = re.compile(rf"(?<![\w-])({ID})(?:\.\.(\d+))?(?![\w-])")
REQUIREMENT = re.compile(
    rf"- `({ID}) \| (MUST|MUST NOT|SHOULD|SHOULD NOT|MAY|ABNF|IMPLIED) \| ([a-z-]+) \|` (\S.*)"
)
READING = re.compile(r"- `(A-\d+)(?: \| ([a-z-]+))?` (\S.*)")
NOT_APPLICABLE = re.compile(rf"- `({ID})`: (\S.*)")
# A line of a wire case that is made of ids.
CASE_LINE = re.compile(rf"(?:{ID}(?:\.\.\d+)?[,\s]*)+")
SOURCES = {".cpp", ".hpp", ".py", ".sh", ".md"}
READINGS = "readings"
# Roles that nothing here plays yet: relays, their clients, CPIM, S/MIME, gateways.
LATER = {"relay", "relay-client", "relay-in", "cpim", "smime", "gateway"}

Requirement = collections.namedtuple("Requirement", "id group strength role text")


class Matrix:
    def __init__(self, root):
        self.root = root
        self.home = root / "tests" / "conformance"
        self.errors = []
        self.requirements = {}
        self.not_applicable = {}
        self.covered = collections.defaultdict(list)
        self._read_requirements()
        self._read_readings()
        self._read_not_applicable()
        for folder in ("tests", "fuzz"):
            for path in sorted((root / folder).rglob("*")):
                if path.suffix in SOURCES and self.home not in path.parents:
                    self._scan(path)
        for id_ in self.not_applicable:
            if id_ in self.covered:
                place = self.covered[id_][0]
                self.errors.append(f"{id_}: both not applicable and covered, {place}")

    def require_complete(self, groups):
        for entry in self.requirements.values():
            if entry.group in groups and self.state(entry) == "not yet":
                self.errors.append(f"{entry.id}: no test covers it")

    def groups(self):
        return list(dict.fromkeys(entry.group for entry in self.requirements.values()))

    def of_group(self, group):
        return [entry for entry in self.requirements.values() if entry.group == group]

    def state(self, entry):
        if entry.id in self.covered:
            return "covered"
        if entry.id in self.not_applicable:
            return "not applicable"
        return "later" if entry.role in LATER else "not yet"

    def _where(self, path, number):
        return f"{path.relative_to(self.root)}:{number}"

    def _add(self, entry, where):
        if entry.id in self.requirements:
            self.errors.append(f"{where}: {entry.id} stands twice")
        self.requirements.setdefault(entry.id, entry)

    def _items(self, path, form):
        """The list items of a file, each with its place; what is not of the form is an error."""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.startswith("- "):
                continue
            match = form.fullmatch(line)
            if match:
                yield match, self._where(path, number)
            else:
                self.errors.append(f"{self._where(path, number)}: not a line of the form expected")

    def _read_requirements(self):
        for path in sorted((self.home / "requirements").glob("rfc*.md")):
            group = path.stem.removeprefix("rfc")
            for match, where in self._items(path, REQUIREMENT):
                id_, strength, role, text = match.groups()
                if not id_.startswith(f"R{group}-"):
                    self.errors.append(f"{where}: {id_} stands in the file of another RFC")
                self._add(Requirement(id_, group, strength, role, text), where)
        if not self.requirements:
            self.errors.append(f"{self.home}: no requirement found")

    def _read_readings(self):
        for match, where in self._items(self.home / "readings.md", READING):
            id_, role, text = match.groups()
            self._add(Requirement(id_, READINGS, "reading", role or "", text), where)

    def _read_not_applicable(self):
        for match, where in self._items(self.home / "not_applicable.md", NOT_APPLICABLE):
            id_, reason = match.groups()
            if id_ not in self.requirements:
                self.errors.append(f"{where}: {id_} does not exist")
            if id_ in self.not_applicable:
                self.errors.append(f"{where}: {id_} stands twice")
            self.not_applicable[id_] = reason

    def _scan(self, path):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            counts = path.suffix != ".md" or CASE_LINE.fullmatch(line.strip())
            for match in MENTION.finditer(line):
                for id_ in expand(*match.groups()):
                    where = self._where(path, number)
                    if id_ not in self.requirements:
                        self.errors.append(f"{where}: {id_} does not exist")
                    elif counts and where not in self.covered[id_]:
                        self.covered[id_].append(where)


def expand(first, last):
    """`R4975-8.1-1` and `5` are R4975-8.1-1 to R4975-8.1-5."""
    if last is None:
        return [first]
    stem, _, number = first.rpartition("-")
    return [f"{stem}-{n}" for n in range(int(number), max(int(number), int(last)) + 1)]


def print_group(matrix, group, only_open):
    title = "Readings" if group == READINGS else f"RFC {group}"
    entries = [entry for entry in matrix.of_group(group)
               if not only_open or matrix.state(entry) in ("not yet", "later")]
    if not entries:
        return
    print(f"{title}\n")
    for entry in entries:
        role = f", {entry.role}" if entry.role else ""
        print(f"{entry.id} ({entry.strength}{role}) {entry.text}")
        state = matrix.state(entry)
        if state == "covered":
            print(f"    covered: {', '.join(matrix.covered[entry.id])}")
        elif state == "not applicable":
            print(f"    not applicable: {matrix.not_applicable[entry.id]}")
        else:
            print(f"    {state}")
    print()


def print_summary(matrix, groups):
    print(f"{'':10}{'covered':>9}{'not yet':>9}{'later':>7}{'not applicable':>16}{'all':>7}")
    total = collections.Counter()
    for group in groups:
        counts = collections.Counter(matrix.state(entry) for entry in matrix.of_group(group))
        total += counts
        name = group if group == READINGS else f"RFC {group}"
        print_counts(name, counts)
    if len(groups) > 1:
        print_counts("all", total)


def print_counts(name, counts):
    print(f"{name:10}{counts['covered']:9}{counts['not yet']:9}{counts['later']:7}"
          f"{counts['not applicable']:16}{sum(counts.values()):7}")


def main():
    here = pathlib.Path(__file__).resolve()
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rfc", help="one RFC, as 4975; `readings` for our readings")
    options.add_argument("--open", action="store_true", help="only what no test covers yet")
    options.add_argument("--summary", action="store_true", help="only the numbers")
    options.add_argument("--check", action="store_true", help="only the checks")
    options.add_argument("--complete", metavar="RFC,...", default="",
                         help="RFCs of which nothing may be `not yet`")
    options.add_argument("--root", type=pathlib.Path, default=here.parents[2],
                         help="the project's folder")
    arguments = options.parse_args()

    matrix = Matrix(arguments.root.resolve())
    matrix.require_complete(arguments.complete.split(","))
    groups = [group for group in matrix.groups() if arguments.rfc in (None, group)]
    if not groups:
        options.error(f"nothing is known of RFC {arguments.rfc}")
    if not arguments.check:
        if not arguments.summary:
            for group in groups:
                print_group(matrix, group, arguments.open)
        print_summary(matrix, groups)
    for error in matrix.errors:
        print(error, file=sys.stderr)
    return 1 if matrix.errors else 0


if __name__ == "__main__":
    sys.exit(main())
