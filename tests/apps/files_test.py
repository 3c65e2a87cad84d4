"""Files of many sizes and a text from one process to another.

R4975-5.1-1 (chunking), R4975-7.1.1-1 (Byte-Range of every chunk) as seen from outside.
"""
import os

from harness import folder, make_bytes, one_error_line, read, receiver, run, write

SIZES = [0, 1, 2047, 2048, 2049, 65535, 65536, 65537, 300_000, 8 * 1024 * 1024 + 3]


def main():
    with folder() as source, folder() as target:
        names = {f"size-{size}.bin": make_bytes(size, size) for size in SIZES}
        names |= {f"small-{i}.txt": f"file {i}\r\n".encode() * i for i in range(200)}
        # What looks like the end of a chunk is as good as any other octets.
        names["tricky.bin"] = b"\r\n-------abcdefgh$\r\n" * 1000 + b"\r\n" * 500 + b"\r" * 70000
        paths = [write(os.path.join(source, name), data) for name, data in names.items()]
        with receiver("--out", target, "--once") as recv:
            out, err = run("send", recv.path(), "--text", "two\nlines", *paths)
            assert err == "", err
            assert out.count("delivered: ") == len(names) + 1, out[-500:]
            recv.wait(0)
            assert "two" in recv.out and "lines" in recv.out, recv.out[:5]
        assert sorted(os.listdir(target)) == sorted(names)
        for name, data in names.items():
            assert read(os.path.join(target, name)) == data, name

        # Success REPORTs, small chunks, and a folder that is none.
        with receiver("--out", target, "--once") as recv:
            path = recv.path()
            _, err = run("send", path, source, status=1)
            assert "is a folder" in one_error_line(err)
            run("send", path, "--success-report", "--chunk", "2048",
                os.path.join(source, "size-300000.bin"), os.path.join(source, "size-65537.bin"))
            recv.wait(0)
        assert read(os.path.join(target, "size-300000 (1).bin")) == names["size-300000.bin"]
        assert read(os.path.join(target, "size-65537 (1).bin")) == names["size-65537.bin"]


if __name__ == "__main__":
    main()
