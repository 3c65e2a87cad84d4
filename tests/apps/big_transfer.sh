#!/bin/sh
# Carries a random file and a text tree from one process to another, and holds what came against
# what was sent: equal SHA-256, peak memory of each side below 24 MiB.
# Usage: big_transfer.sh [MSRP [SIZE_MIB [TREE]]]
set -eu
msrp=$(realpath "${1:-build/msrp}")
size_mib=${2:-1024}
tree=${3:-/usr/share/doc}
memory_kib_max=24576
[ -z "${MSRP_SANITIZED:-}" ] || memory_kib_max=10000000  # sanitizers need much of their own

work=$(mktemp -d "${TMPDIR:-/tmp}/msrp-big.XXXXXX")
recv_pid=
trap 'test -z "$recv_pid" || kill "$recv_pid" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/out" "$work/in"

fail() { echo "big_transfer: $*" >&2; exit 1; }

# Waits for a receiver's first line and leaves its path in $path.
start_receiver() {
  mkfifo "$work/path.$1"
  "$msrp" recv --listen 127.0.0.1:0 --out "$work/out" --once --verbose > "$work/path.$1" \
      2> "$work/recv.$1.err" &
  recv_pid=$!
  exec 3< "$work/path.$1"
  read -r path <&3
  cat <&3 > "$work/recv.$1.out" &
  exec 3<&-
}

# What a command said of its own peak with --verbose, in KiB.
peak_kib() { sed -n 's/^msrp: peak memory \([0-9]*\) KiB$/\1/p' "$1"; }

echo "one file of $size_mib MiB"
head -c "${size_mib}M" /dev/urandom > "$work/in/big.bin"
start_receiver big
"$msrp" send "$path" --verbose --success-report "$work/in/big.bin" 2> "$work/send.err" ||
  fail "send failed: $(cat "$work/send.err")"
wait "$recv_pid" || fail "recv failed: $(cat "$work/recv.big.err")"
recv_pid=
send_peak=$(peak_kib "$work/send.err")
recv_peak=$(peak_kib "$work/recv.big.err")
a=$(sha256sum < "$work/in/big.bin")
b=$(sha256sum < "$work/out/big.bin")
[ "$a" = "$b" ] || fail "the file differs"
echo "SHA-256 equal; peak memory: send $send_peak KiB, recv $recv_peak KiB"
for peak in "$send_peak" "$recv_peak"; do
  [ "${peak:-0}" -gt 0 ] || fail "no memory was measured"
  [ "$peak" -lt "$memory_kib_max" ] || fail "more than $memory_kib_max KiB of memory"
done
rm -f "$work/in/big.bin" "$work/out/big.bin"

echo "all files of $tree"
# Links and unreadable files are left out; equal names come as "name (1)" and so on.
find "$tree" -type f -readable -print0 > "$work/list"
count=$(tr -cd '\0' < "$work/list" | wc -c)
[ "$count" -gt 0 ] || fail "no files in $tree"
start_receiver tree
# Shares that fit an argument list, each over a path of its own would be another session: one is
# enough as long as the list fits.
xargs -0 -x -s 2000000 "$msrp" send "$path" < "$work/list" > "$work/send.out" ||
  fail "send failed (is the tree too large for one command line?)"
wait "$recv_pid" || fail "recv failed: $(tail -n 3 "$work/recv.tree.err")"
recv_pid=
xargs -0 sha256sum -z < "$work/list" | tr '\0' '\n' | cut -c1-64 | sort > "$work/sent.sums"
find "$work/out" -type f -print0 | xargs -0 sha256sum -z | tr '\0' '\n' | cut -c1-64 | sort \
  > "$work/came.sums"
cmp "$work/sent.sums" "$work/came.sums" || fail "the trees differ"
echo "$count files, SHA-256 equal"
