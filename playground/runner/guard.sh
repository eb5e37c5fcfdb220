#!/bin/sh
# guard.sh SIGNAL SECONDS COMMAND [ARGUMENT...]
#
# Runs between the runner and one child, so that the child never outlives the runner. A shell, because it costs
# 1 MB where a Node process costs 40. The runner starts it as the leader of a new process group, with
#   descriptor 3: the runner's pipe. A line on it names a signal for the child. Its end means that the runner is
#                 gone: the child gets SIGNAL, and after SECONDS the whole group gets KILL.
#   descriptor 4: takes the child's process id, once.
# Ends with the child's exit status (128 + n for signal n).
signal=$1
seconds=$2
shift 2

"$@" </dev/null 3<&- 4>&- &
child=$!
echo "$child" >&4
exec 4>&- 2>/dev/null # from here on the log is the child's alone

(
  while read -r name <&3; do
    kill -s "$name" "$child"
  done
  kill -s "$signal" "$child"
  kill -s CONT "$child" # a paused child would not see the signal
  PATH="$PATH:/usr/bin:/bin"
  sleep "$seconds"
  kill -s KILL 0
) >/dev/null &
watcher=$!
exec 3<&-

wait "$child"
status=$?
# Ends the watcher above, and all that the child left in its group. It waits for the watcher, because process 1 of a
# container may never do so.
trap '' TERM
kill -s TERM 0
wait "$watcher"
exit "$status"
