"""Copies sources of the core with bugs planted in them: plant_bugs.py FOLDER SOURCE...

Each is a place in the source and what stands there instead; a place that is not there any more, or
is there twice, is an error, so that the bugs keep up with the code. planted_test.cpp names them.
"""
import os
import sys

BUGS = {
    "incoming.cpp": [
        # 1: an answer is lost. 2: a 200 where only bad news is wanted.
        ("  if (chunk.failure_report == FailureReport::partial && status == status::ok) return;\n",
         "  if (status == status::ok && planted::now(1, 5)) return;\n"
         "  if (chunk.failure_report == FailureReport::partial && status == status::ok &&\n"
         "      !planted::now(2)) {\n"
         "    return;\n"
         "  }\n"),
        # 4: credit is not given back.
        ("  conn->held_bytes -= bytes;\n  resume(*conn);\n",
         "  if (planted::now(4, 3)) return;\n"
         "  conn->held_bytes -= bytes;\n  resume(*conn);\n"),
        # 5: a request goes to another session of the connection.
        ("    bind_confirmed(*session);\n    return session;\n",
         "    bind_confirmed(*session);\n"
         "    if (planted::now(5, 7)) session = sessions.find(conn.sessions.front());\n"
         "    return session;\n"),
        # 7: octets come twice. 8: and one octet behind their place.
        ("  events.push(MessageData{session.id, message->id, begin,\n",
         "  if (planted::now(7, 9)) {\n"
         "    events.push(MessageData{session.id, message->id, begin,\n"
         "                            slice.owner ? slice : copies.append(slice.bytes)});\n"
         "    hold(conn, session, size);\n"
         "  }\n"
         "  const std::uint64_t place = begin + (planted::now(8, 9) ? 1 : 0);\n"
         "  events.push(MessageData{session.id, message->id, place,\n"),
        # 10: a REPORT is answered.
        ("  chunk.answered = head.method == Method::report ||",
         "  chunk.answered = (head.method == Method::report && !planted::now(10)) ||"),
    ],
    "connections.cpp": [
        # 3: the transaction timer is a second late.
        ("    arm(transaction.timer, now, timeouts.transaction,",
         "    arm(transaction.timer, now,\n"
         "        timeouts.transaction + std::chrono::seconds(planted::now(3) ? 1 : 0),"),
        # 6: a connection is not closed when its last session has left.
        ("  if (timeouts.idle == Duration{} || conn->ended) return drain(*conn, now);\n",
         "  if (planted::now(6)) return;\n"
         "  if (timeouts.idle == Duration{} || conn->ended) return drain(*conn, now);\n"),
    ],
    "chunk_writer.cpp": [
        # 9: a chunk that is interrupted says that the message is over.
        ("  const std::size_t bytes = encode_end_line(id.text(), flag, true, line);\n",
         "  const Flag said = flag == Flag::more && planted::now(9) ? Flag::end : flag;\n"
         "  const std::size_t bytes = encode_end_line(id.text(), said, true, line);\n"),
    ],
}


def planted(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for place, instead in BUGS[os.path.basename(path)]:
        if text.count(place) != 1:
            sys.exit(f"{path}: there {text.count(place)} times, not once: {place!r}")
        text = text.replace(place, instead)
    return text


def main():
    folder = sys.argv[1]
    for path in sys.argv[2:]:
        with open(os.path.join(folder, "planted_" + os.path.basename(path)), "w",
                  encoding="utf-8") as file:
            file.write(planted(path))


if __name__ == "__main__":
    main()
