"""msrp sim: one world and what is in it, many worlds, the same seed twice; traces and pages."""
import os
import re
import signal
import sys

from harness import Process, folder, one_error_line, read, run
from page_support import dom_of, open_page

# Faults of every kind, and nothing that is no MSRP.
WORLD = ("--seed", "3", "--calm", "--set", "hosts=3", "--set", "sessions=6", "--set", "messages=80",
         "--set", "message_bytes_max=3000", "--set", "cuts=4", "--set", "crashes=2",
         "--set", "droughts=2", "--set", "latency_ns=3000000", "--set", "chaos_ns=60000000000")
# So slow a network that it does not get done: no fault of the engine, but a failure.
FAILING = ("--seed", "5", "--set", "bytes_per_second=100", "--set", "message_bytes_max=4000000",
           "--set", "messages=100")
LIVENESS = 11


def check_short():
    out, err = run("sim", "--seed", "7", "--trace")
    assert run("sim", "--seed", "7", "--trace", "short")[0] == out
    lines = out.splitlines()
    assert err == ""
    assert lines[0] == "seed 7", lines[0]
    assert "good" in lines
    assert any(re.fullmatch(r"\d+ us  host-\d+  bound \d+", line) for line in lines)
    assert re.fullmatch(r"hash [0-9a-f]{16}, \d+ events, \d+ octets, [\d.]+ s of virtual time",
                        lines[-1]), lines[-1]
    quiet = run("sim", "--seed", "7")[0].splitlines()
    assert quiet[-1] == lines[-1], "looking changes nothing"
    assert not any(" us  host-" in line for line in quiet)
    assert run("sim", "--seed", "8")[0].splitlines()[-1] != lines[-1]


def check_full():
    """Every chunk is written and arrives or is lost, at times that make sense."""
    out, _ = run("sim", *WORLD, "--trace", "full")
    assert run("sim", *WORLD, "--trace", "full")[0] == out
    short = run("sim", *WORLD, "--trace", "short")[0].splitlines()
    assert [line for line in out.splitlines() if "us  " not in line or "  host-" in line and
            "->" not in line] == short
    chunk = re.compile(r"(\d+) us  host-\d+ -> host-\d+  stream \d+  (wrote|arrived|lost)  (.*)")
    times, ends = {}, {"arrived": 0, "lost": 0}
    for line in out.splitlines():
        match = chunk.fullmatch(line)
        if not match:
            continue
        time, what, rest = match.groups()
        assert re.search(r"^MSRP \S+ (SEND|REPORT|\d{3}) ?.*  \d+ octets [$+#]$", rest) or \
            (what == "lost" and rest.endswith("octets unfinished")), line
        if what == "wrote":
            times[rest] = int(time)
            continue
        ends[what] += 1
        assert rest.endswith("unfinished") or times.pop(rest) <= int(time), line
    assert not times, times
    assert ends["arrived"] > 50 and ends["lost"] > 0, ends
    for wanted in (r"stream 0  connected", r"stream \d+  reset", r"stream \d+  ended",
                   r"network  cut host-\d -> host-\d", r"network  (vanished|crashed) host-\d",
                   r"run  peace"):
        assert re.search(rf"us  .*{wanted}", out), wanted


def check_page(there):
    file = os.path.join(there, "run.html")
    out, err = run("sim", *WORLD, "--html", file, "--trace", "full", "--twice")
    assert err == ""
    page, records = open_page(file)
    of = {kind: [each for each in records if each["kind"] == kind]
          for kind in ("run", "verdict", "chunk", "octets", "event", "fault", "stream", "phase")}
    assert sum(map(len, of.values())) == len(records)
    assert records[0] is of["run"][0] and records[-1] is of["verdict"][0]
    options = dict(records[0]["options"])
    assert records[0]["seed"] == options["seed"] == "3"
    assert records[0]["hosts"][:3] == [f"host-{i}" for i in range(int(options["hosts"]))]
    verdict = records[-1]
    assert verdict["verdict"] == "good" and f"hash {verdict['hash']}, " in out
    assert len(of["event"]) == verdict["events"]
    assert len(of["chunk"]) == len(re.findall("  wrote  MSRP", out)) + out.count(" unfinished\n")
    assert sum(each["octets"] for each in of["chunk"]) == verdict["octets"]
    for each in of["chunk"]:
        if each["arrived"] is not None:
            assert each["t"] <= each["written"] <= each["arrived"] <= verdict["virtual_time"], each
        assert re.match(r"MSRP \S+ (SEND|REPORT|\d{3})", each["head"]) or each["flag"] is None
    faults = {each["what"] for each in of["fault"]}
    assert faults > {"cut", "mended", "restarted"} and faults & {"vanished", "crashed"}, faults
    again = os.path.join(there, "again.html")
    run("sim", *WORLD, "--html", again)
    assert read(file) == read(again)
    check_in_browser(file, page, of)


def check_in_browser(file, page, of):
    """The script runs, finds everything, and draws it."""
    dom = dom_of(file)
    if dom is None:
        print("SKIPPED in part: no chromium, nobody drew the page", file=sys.stderr)
        return
    assert "MSRP run, seed 3" in dom and '<span id="verdict" class="good">good' in dom
    chunks, events = len(of["chunk"]), len(of["event"])
    seen = re.search(r"(\d+) of (\d+) chunks, (\d+) of (\d+) events in view", dom)
    # Some events are bands there, and streams are ticks.
    bands = sum(each["what"] in ("cut", "mend", "crash", "restart", "drought", "drought over")
                for each in of["event"])
    events += len(of["stream"]) - bands
    assert [int(number) for number in seen.groups()] == [chunks, chunks, events, events], seen
    assert dom.count('class="fault cut"') >= 2 and dom.count('class="fault crash"') >= 1
    # A moment, and a message.
    seen = re.search(r"(\d+) of \d+ chunks", dom_of(file, "#20-31"))
    assert 0 < int(seen[1]) < chunks, seen
    dom = dom_of(file, "#find=message-8")
    assert "1 of " in dom and "SEND message-8</h2>" in dom and "Message-ID: message-8\n" in dom
    assert len(page.elements) > 20


def check_errors():
    for setting in ("hosts=1", "guests=1", "hosts", "hosts=x"):
        one_error_line(run("sim", "--seed", "1", "--set", setting, status=2)[1])
    for file in ("/nowhere/run.html", "/dev/full"):
        _, err = run("sim", "--seed", "7", "--html", file, status=1)
        assert file in one_error_line(err), err


def check_batch():
    for jobs in ("1", "3"):
        out, err = run("sim", "--seeds", "1-30", "--jobs", jobs, "--twice")
        assert re.fullmatch(r"seeds 1 to 30\n"
                            r"30 seeds, 0 failed, [\d.]+ a second, \d+ times real time\n", out), out
        assert err == ""

    # Ctrl-C: what was found until then is told.
    with Process("sim", "--seeds", "1-1000000000") as sim:
        assert sim.line() == "seeds 1 to 1000000000"
        sim.signal(signal.SIGINT)
        sim.wait(1)
        one_error_line(sim.err)


def check_failing():
    out, err = run("sim", *FAILING, status=LIVENESS)
    assert err == "" and "\nliveness: " in out, out
    small, err = run("sim", *FAILING, "--minimize", status=LIVENESS)
    lines = small.splitlines()
    assert err == "" and lines[0] == "seed 5", small
    assert re.fullmatch(r"bytes_per_second \d+", lines[1]), small
    assert re.fullmatch(r"liveness with these and nothing else, after \d+ runs:", lines[2]), small
    # And what it says does it.
    again = lines[3].split()
    assert again[:2] == ["msrp", "sim"] and len(lines) == 4
    assert "\nliveness: " in run(*again[1:], status=LIVENESS)[0]
    one_error_line(run("sim", "--seed", "5", "--minimize", status=1)[1])


def check_crash():
    """A program that does not come to its end says which world it was."""
    with Process("sim", "--seeds", "1-1000000000") as sim:
        assert sim.line() == "seeds 1 to 1000000000"
        sim.signal(signal.SIGABRT)
        sim.wait(127)
        assert re.fullmatch(r"msrp: a crash in seed \d+", sim.err[-1]), sim.err


def main():
    check_short()
    check_full()
    with folder() as there:
        check_page(there)
    check_errors()
    check_batch()
    check_failing()
    check_crash()


if __name__ == "__main__":
    main()
