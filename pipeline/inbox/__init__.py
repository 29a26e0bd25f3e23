"""The watched folder on disk: what lies there, who has taken it, where it goes.

::

    inbox/                       drop files here, or folders of them
    inbox/.working/CLAIM/        taken by one watcher; CLAIM is HOST-PID-TOKEN
    inbox/.working/CLAIM.lock    locked for as long as that watcher lives
    inbox/.working/struck/       names of files during which a watcher died
    inbox/done/                  analysed
    inbox/failed/                not analysed, each with NAME.error.txt beside it

Every step is one rename that never overwrites, so a kill leaves each file whole and in one place. A file in a claim
whose lock is free (its watcher was killed, its machine went down) goes back to the inbox, at start and at every
rescan of any watcher of that folder; analysing it again costs nothing, because completions and analyses are durable.
The lock is a POSIX record lock: the kernel frees it with the process, over NFS too.

A file that kills the whole process would do so for ever under a supervisor that starts it again. So those that a dead
watcher had in work are struck once, and then reviewed one at a time, nothing beside them; one that is found in a dead
watcher's claim again has failed.
"""

DONE, FAILED, WORKING, STRUCK = "done", "failed", ".working", "struck"
