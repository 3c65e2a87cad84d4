"""embed.py HEADER NAME OUT HTML CSS JS...: a page as the C++ text NAME, its policy filled in.

The page may run the script and use the style that were there when it was built and no other, by
their hashes, and may load nothing.
"""
import base64
import hashlib
import sys


def read(name):
    with open(name, encoding="ascii") as file:
        return file.read()


def hash_of(text):
    return base64.b64encode(hashlib.sha256(text.encode("ascii")).digest()).decode("ascii")


def literal(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return "\n".join(f'    "{line}\\n"' for line in escaped.rstrip("\n").split("\n"))


def main():
    header, name, out_file = sys.argv[1:4]
    page, style, *scripts = map(read, sys.argv[4:])
    script = "".join(scripts)
    assert "</" not in script and "</" not in style, "it would end its own element"
    policy = ("default-src 'none'; base-uri 'none'; form-action 'none'; "
              f"style-src 'sha256-{hash_of(style)}'; script-src 'sha256-{hash_of(script)}'")
    for mark, text in (("@policy@", policy), ("@style@", style), ("@script@", script)):
        assert page.count(mark) == 1, mark
        page = page.replace(mark, text)
    with open(out_file, "w", encoding="ascii") as out:
        out.write(f'#include "{header}"\n\nnamespace msrp::app {{\n\n'
                  f"const std::string_view {name} =\n{literal(page)};\n\n"
                  "}  // namespace msrp::app\n")


if __name__ == "__main__":
    main()
