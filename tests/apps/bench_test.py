"""msrp bench: the shape of its JSON, its counts, and what it refuses. Nothing about speed."""
import json
import os
import signal

from harness import Process, available_backends, is_sanitized, one_error_line, run

SPREADS = ("server_cpu_seconds", "client_cpu_seconds")


def bench(*args):
    """The events of a run; the last one is the result."""
    out, err = run("bench", *args, "--json")
    assert err == "", err
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1]["event"] == "result", events[-1]
    assert all(event["event"] == "round" for event in events[:-1]), events
    return events


def check_spread(spread):
    assert set(spread) == {"min", "median", "max"}, spread
    assert 0 <= spread["min"] <= spread["median"] <= spread["max"], spread


def check_result(events, rate, rounds=1, raw_alone=False):
    result = events[-1]
    assert len(events) == rounds + 1 and result["rounds"] == rounds, events
    assert result["congestion_control"] == "reno", "one name for every socket of both"
    sides = ["raw"] if raw_alone else ["ours", "raw"]
    assert ("ours" in result) == (not raw_alone)
    for side in sides:
        for name in (rate, *SPREADS):
            check_spread(result[side][name])
        assert result[side][rate]["min"] > 0, result
    if raw_alone:
        assert "ratio_to_raw" not in result
        return result
    check_spread(result["ratio_to_raw"])
    for event in events[:-1]:
        ratio = event["ours"][rate] / event["raw"][rate]
        assert abs(event["ratio_to_raw"] - ratio) < 1e-9, event
    ratios = sorted(event["ratio_to_raw"] for event in events[:-1])
    assert result["ratio_to_raw"]["min"] == ratios[0]
    assert result["ratio_to_raw"]["max"] == ratios[-1]
    return result


def check_bulk():
    for tls in ([], ["--tls"]):
        events = bench("bulk", "--size", "3000001", "--rounds", "3", *tls)
        result = check_result(events, "bytes_per_second", rounds=3)
        assert result["size_bytes"] == 3000001 and result["tls"] == bool(tls)
        for event in events[:-1]:
            assert event["ours"]["amount"] == event["raw"]["amount"] == 3000001, event


def check_messages():
    events = bench("messages", "--seconds", "0.05", "--rounds", "1", "--connections", "3",
                   "--window", "7")
    result = check_result(events, "messages_per_second")
    assert (result["request_bytes"], result["response_bytes"]) == (200, 120), result
    for side in ("ours", "raw"):
        # Every connection had its window full at least once, and all of it was answered.
        assert events[0][side]["amount"] >= 21, events[0]


def check_latency():
    events = bench("latency", "--seconds", "0.05", "--rounds", "1")
    result = check_result(events, "round_trips_per_second")
    for side in ("ours", "raw"):
        round_trip = result[side]
        assert 0 < round_trip["p50_us"]["min"] <= round_trip["p99_us"]["min"]
        assert round_trip["p99_us"]["min"] <= round_trip["max_us"]["min"]


def check_connections():
    events = bench("connections", "--connections", "301", "--rounds", "1")
    result = check_result(events, "connections_per_second")
    for side in ("ours", "raw"):
        assert events[0][side]["amount"] == 301, events[0]
        assert result[side]["refused"]["max"] == 0, result
        if not is_sanitized():  # whose heap mallinfo2() does not know
            assert result[side]["server_heap_bytes_per_connection"]["min"] > 0, result
    events = bench("connections", "--connections", "20", "--tls", "--stalled", "10", "--seconds",
                   "0.05", "--rounds", "1")
    result = check_result(events, "connections_per_second")
    assert result["stalled"] == 10 and result["ours"]["p99_us"]["min"] > 0, result
    assert result["raw"]["p99_us"]["min"] > 0, result


def check_backends():
    for backend in available_backends():
        for kind in (["bulk", "--size", "1MiB"], ["messages", "--seconds", "0.05"]):
            events = bench(*kind, "--rounds", "1", "--backend", backend)
            rate = {"bulk": "bytes", "messages": "messages"}[kind[0]]
            assert check_result(events, rate + "_per_second")["backend"] == backend
    run("bench", "bulk", "--backend", "threads", status=2)


def check_yardsticks():
    for backend in (*available_backends(), "threads"):
        for kind in (["bulk", "--size", "1MiB"], ["bulk", "--size", "1MiB", "--tls"],
                     ["messages", "--seconds", "0.05"], ["connections", "--connections", "20"]):
            events = bench(*kind, "--raw", "--rounds", "2", "--backend", backend)
            rate = {"bulk": "bytes", "messages": "messages", "connections": "connections"}[kind[0]]
            result = check_result(events, rate + "_per_second", rounds=2, raw_alone=True)
            assert result["backend"] == backend


def check_wrong_usage():
    for args in ([], ["nonsense"], ["parse"], ["bulk", "--size", "0"], ["bulk", "--size", "many"],
                 ["bulk", "--window", "5"], ["messages", "--size", "5"],
                 ["messages", "--window", "0"], ["messages", "--connections", "2000"],
                 ["latency", "--connections", "2"], ["connections", "--stalled", "5"],
                 ["bulk", "--stalled", "5", "--tls"], ["bulk", "--shards", "2"],
                 ["bulk", "--rounds", "0"], ["messages", "--seconds", "0"],
                 ["bulk", "--backend", "pigeon"], ["bulk", "--congestion-control"]):
        out, err = run("bench", *args, status=2)
        assert out == "", (args, out)
        one_error_line(err)
    # Parts are started by their parent alone.
    _, err = run("bench", "bulk", "--part", status=2)
    assert err == "", err
    for args in (["bulk", "--congestion-control", "nonsense", "--size", "1"],
                 ["connections", "--connections", "40000", "--stalled", "40000", "--tls"]):
        out, err = run("bench", *args, "--rounds", "1", status=1)
        assert out == "", (args, out)
        one_error_line(err)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [int(child) for child in children.read().split()]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def check_parts_end_with_their_parent():
    with Process("bench", "messages", "--seconds", "3600", "--raw") as parent:
        children = []
        while len(children) < 2:
            assert parent.process.poll() is None, "ended early"
            children = children_of(parent.process.pid)
        parent.signal(signal.SIGKILL)
        parent.wait(-signal.SIGKILL)
        while any(is_alive(child) for child in children):
            os.sched_yield()


def main():
    check_bulk()
    check_messages()
    check_latency()
    check_connections()
    check_backends()
    check_yardsticks()
    check_wrong_usage()
    check_parts_end_with_their_parent()
    out, err = run("bench", "latency", "--rounds", "1", "--seconds", "0.05")
    assert err == "" and "ratio to raw" in out and "congestion control reno" in out, out


if __name__ == "__main__":
    main()
