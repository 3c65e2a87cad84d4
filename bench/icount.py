#!/usr/bin/env python3
"""Instructions an operation, counted by callgrind: the same on a busy machine and an idle one.

icount.py PROGRAM              prints a table
icount.py PROGRAM --write FILE keeps it
icount.py PROGRAM --check FILE fails when one is more than 2 % over the kept one
"""
import argparse
import csv
import re
import subprocess
import sys
import tempfile

TIMES = 200
GROWTH_MAX = 1.02


def instructions(program, scenario, times):
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}",
             program, scenario, str(times)], stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"icount: {scenario}: the program failed: {run.stderr}")
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("program")
    parser.add_argument("--write", metavar="FILE")
    parser.add_argument("--check", metavar="FILE")
    options = parser.parse_args()
    names = subprocess.run([options.program], stdout=subprocess.PIPE, text=True, check=True)
    counts = {}
    for name in names.stdout.split():
        once = instructions(options.program, name, TIMES)
        twice = instructions(options.program, name, 2 * TIMES)
        counts[name] = (twice - once) / TIMES
        print(f"{name:28} {counts[name]:10.1f}")
    if options.write:
        with open(options.write, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [name, f"{count:.1f}"] for name, count in counts.items())
    if options.check:
        with open(options.check, encoding="utf-8", newline="") as file:
            kept = {name: float(count) for name, count in csv.reader(file)}
        grown = [name for name in counts if counts[name] > kept.get(name, 0) * GROWTH_MAX]
        for name in grown:
            print(f"icount: {name}: {counts[name]:.1f}, was {kept.get(name, 0):.1f}")
        sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
