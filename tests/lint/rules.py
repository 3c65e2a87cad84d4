"""Rules about the text of files. Each takes a path and the text and yields (line, complaint)."""
import os
import re

import layers

COLUMNS = 100
FILE_LINES = 700
FUNCTION_LINES = 70

CPP = (".cpp", ".hpp")
SOURCES = (".cpp", ".hpp", ".py", ".sh", "meson.build", "meson_options.txt")

# What must not be written, where, and what to write instead. Comments and strings do not count.
BANNED_WORDS = [
    # (pattern, path prefix, instead)
    (r"\bstd::shared_ptr\b|\bstd::make_shared\b", "core/", "a handle of ids.hpp, or a BufferRef"),
    (r"\bthrow\b(?!\s*;)", "core/", "a Result"),
    (r"\bdynamic_cast\b|\btypeid\b", "core/", "a variant or a virtual call"),
    (r"\bstd::(steady|system|high_resolution)_clock\b", "core/", "the Instant that was handed in"),
    (r"\bstd::(thread|jthread|mutex|atomic|condition_variable|async|future)\b", "core/",
     "nothing: a shard is one thread"),
    (r"\bstd::(random_device|mt19937(_64)?|rand)\b", "core/", "the Random that was handed in"),
    (r"\bstd::(cout|cerr|clog|cin|getenv)\b|(?<![\w:.>])getenv\s*\(", "core/",
     "the Logger that was handed in"),
    (r"\bstd::function\b", "core/", "a template parameter or std::move_only_function"),
    (r"\bstd::regex\b", "", "a parser written by hand"),
    (r"(?<![\w:.>])assert\s*\(", "core/", "MSRP_ASSERT, which stays on"),
    (r"\busing namespace std\s*;", "", "the names that are meant"),
    (r"\bNULL\b", "", "nullptr"),
    (r"\btypedef\b", "", "using"),
    (r"\bstd::endl\b", "", r"'\n'"),
    (r"(?<![\w.>])(?:std::)?(atoi|atol|atoll|atof|strtol|strtoul|strtoull)\s*\(",
     "", "std::from_chars"),
    (r"(?<![\w.>])(?:std::)?(strcpy|strcat|sprintf|vsprintf|gets)\s*\(", "",
     "a span, a string or snprintf"),
    (r"\bsleep_for\b|\bsleep_until\b|(?<![\w:.>])(sleep|usleep|nanosleep)\s*\(", "",
     "a wait for what is to happen, or virtual time"),
    (r"\bstd::this_thread\b", "core/", "nothing: the core never waits"),
]
BANNED_IN_PYTHON = [
    (r"\btime\.sleep\s*\(", "tests/", "a wait for a line, an event or an end"),
    (r"^\s*except\s*:", "", "the exceptions that are meant"),
]
# In every text file.
UNFINISHED = re.compile(r"\b(FIX" + r"ME|TO" + r"DO|X" + r"XX|HA" + r"CK)\b")
HOME = re.compile(r"(?<![\w./])/(root|home|Users)/\w")


def project_files(root):
    """Paths of the files that belong to the project, from its root."""
    for folder, folders, names in os.walk(root):
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        inside = "" if inside == "." else inside + "/"
        folders[:] = [name for name in folders
                      if name not in (".git", "__pycache__", ".cache")
                      and not (inside == "" and name.startswith("build"))
                      and not (inside == "subprojects/" and name != "packagefiles")]
        for name in names:
            yield inside + name


def blank_comments_and_strings(text):
    """The code alone, the same number of lines."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.DOTALL)
    return pattern.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_layout(path, text):
    """Ends, blanks, tabs and length of lines."""
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end"
    if text.endswith("\n\n"):
        yield text.count("\n"), "empty lines at the end"
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if "\t" in line:
            yield number, "a tab: write spaces"
        # A URL or a table's row cannot be broken.
        breakable = not path.endswith((".md", ".wrap")) and "://" not in line
        if len(line) > COLUMNS and breakable:
            yield number, f"{len(line)} columns: at most {COLUMNS}"


def check_unfinished(path, text):
    for match in UNFINISHED.finditer(text):
        yield line_of(text, match.start()), f"{match.group()}: finish it or leave it out"
    for match in HOME.finditer(text):
        yield line_of(text, match.start()), "a folder of one machine: write a relative path"


def check_words(path, text):
    table = BANNED_WORDS if path.endswith(CPP) else BANNED_IN_PYTHON
    code = blank_comments_and_strings(text) if path.endswith(CPP) else text
    for pattern, prefix, instead in table:
        if not path.startswith(prefix):
            continue
        for match in re.finditer(pattern, code, re.MULTILINE):
            yield line_of(code, match.start()), f"{match.group().strip()}: write {instead}"


def check_size(path, text):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield lines, f"{lines} lines: at most {FILE_LINES}; which two files is it?"


NO_FUNCTION = re.compile(r"(template\s*<.*>\s*)?(\[\[\w+\]\]\s*)?(inline\s+)?"
                         r"(namespace|class|struct|union|enum|concept|extern)\b", re.DOTALL)


def check_functions(path, text):
    """Functions in namespaces and classes, from the first line of their signature to the last."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"),
                  blank_comments_and_strings(text), flags=re.MULTILINE)
    open_braces = []  # for each: where its function begins, or None
    head = 0  # where the current statement begins
    closed = None  # where the function began that ended just before it
    for match in re.finditer(r"[;{}]", code):
        if match.group() == ";":
            head, closed = match.end(), None
        elif match.group() == "{":
            statement = code[head:match.start()].strip()
            inside = any(start is not None for start in open_braces)
            function = not inside and "(" in statement and not NO_FUNCTION.match(statement)
            begins = head + len(code[head:]) - len(code[head:].lstrip())
            # `A() : a{1}, b{2} {`: what looked like a body was an initializer.
            if closed is not None and (not statement or statement.startswith(",")):
                function, begins = True, closed
            open_braces.append(begins if function else None)
            closed = None
            head = match.end()
        else:
            start = closed = open_braces.pop() if open_braces else None
            if start is not None:
                lines = line_of(code, match.start()) - line_of(code, start) + 1
                if lines > FUNCTION_LINES:
                    yield (line_of(code, start),
                           f"a function of {lines} lines: at most {FUNCTION_LINES}")
            head = match.end()


def check_header(path, text):
    if "#pragma once" not in text.split("\n"):
        yield 1, "no #pragma once"


def check_changelog(path, text):
    heads = re.findall(r"^## .*", text, re.MULTILINE)
    if not heads or heads[0] != "## Unreleased":
        yield 1, "the first section is not '## Unreleased'"
    elif not re.search(r"^- ", text.split("## Unreleased", 1)[1].split("\n## ")[0], re.MULTILINE):
        yield 1, "nothing under '## Unreleased'"


def check_mode(path, text, executable):
    """A program says what runs it, and nothing else can be run."""
    if executable != text.startswith("#!"):
        yield 1, "executable without #!" if executable else "#! but not executable"


def check_built(path, meson_files):
    """A source that no meson.build names is never compiled, a test never run."""
    name = path.rsplit("/", 1)[1]
    stem = name.rsplit(".", 1)[0]
    names = {name, stem.removesuffix("_test"), stem.removeprefix("fuzz_"),
             stem.removeprefix("bench_")}
    pattern = re.compile(r"['/](" + "|".join(re.escape(n) for n in sorted(names)) + r")'")
    if not any(pattern.search(text) for text in meson_files):
        yield 1, "no meson.build names it"


def check_file(path, text, executable=False, meson_files=None):
    """Every complaint about one text file, as `path:line: what`."""
    found = list(check_layout(path, text)) + list(check_unfinished(path, text))
    found += check_mode(path, text, executable)
    if path.endswith(SOURCES) or path.startswith(".ci/"):
        found += check_size(path, text)
    if path.endswith(CPP):
        found += layers.check_includes(path, text)
        found += check_functions(path, text)
    if path.endswith((*CPP, ".py")):
        found += check_words(path, text)
    if path.endswith(".hpp"):
        found += check_header(path, text)
    if path == "CHANGELOG.md":
        found += check_changelog(path, text)
    needs_meson = path.endswith(".cpp") or path.endswith("_test.py")
    if needs_meson and meson_files is not None:
        found += check_built(path, meson_files)
    return [f"{path}:{line}: {what}" for line, what in found]
