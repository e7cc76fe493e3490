// What a forked child does before it becomes a program that may write below one directory alone. Async-signal-safe.
#pragma once
#include "CLinux.h"

/// fork(2), into namespaces of the child's own where they are asked for. Every signal is blocked.
long fork_into(const struct amfleet_confinement *confinement);

/// Confines the calling process to its working directory, which it entered in its first namespace: 0 or errno.
int confine(const struct amfleet_confinement *confinement);
