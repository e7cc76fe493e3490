// What a forked child does before it becomes a program that may write below one directory alone. Async-signal-safe.
#pragma once
#include "CLinux.h"

/// fork(2), into namespaces of the child's own where they are asked for. Every signal is blocked.
long fork_into(const struct amfleet_confinement *confinement);

/// Covers what lies at the paths, in mounts of the calling process's own: 0 or errno. To be called in the child's first namespace.
int give_files(const struct amfleet_given_file *files, int count);

/// Confines the calling process to its working directory, which it entered in its first namespace: 0 or errno.
int confine(const struct amfleet_confinement *confinement);
