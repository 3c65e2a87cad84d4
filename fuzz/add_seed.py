#!/usr/bin/env python3
"""Adds files to a corpus under the name that their content gives them, and checks those names.

    fuzz/add_seed.py TARGET FILE...       copies; --name crash-<what> keeps a name instead
    fuzz/add_seed.py --check              every file is named by its content, or crash-<what>
"""
import argparse
import hashlib
import pathlib
import sys

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def name_of(content):
    return hashlib.sha256(content).hexdigest()[:16]


def add(target, files, name):
    folder = CORPUS / target
    if not folder.is_dir():
        sys.exit(f"{folder}: no such corpus")
    if name and (len(files) != 1 or not name.startswith("crash-")):
        sys.exit("--name takes crash-<what> and one file")
    for file in files:
        content = pathlib.Path(file).read_bytes()
        path = folder / (name or name_of(content))
        path.write_bytes(content)
        print(path.relative_to(CORPUS.parent))


def check():
    wrong = [
        path
        for path in sorted(CORPUS.glob("*/*"))
        if path.name != name_of(path.read_bytes()) and not path.name.startswith("crash-")
    ]
    for path in wrong:
        print(f"{path}: its name should be {name_of(path.read_bytes())} or crash-<what>")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--name")
    parser.add_argument("target", nargs="?")
    parser.add_argument("files", nargs="*")
    options = parser.parse_intermixed_args()
    if options.check:
        return check()
    if not options.target or not options.files:
        parser.error("a target and files are missing")
    add(options.target, options.files, options.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
