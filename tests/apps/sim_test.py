"""msrp sim: one world and what is in it, many worlds, the same seed twice."""
import re
import signal

from harness import Process, one_error_line, run


def main():
    out, err = run("sim", "--seed", "7", "--trace")
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


if __name__ == "__main__":
    main()
