// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

void amfleet_name_thread(const char *name) {
    char shortened[16];
    strncpy(shortened, name, sizeof shortened - 1);
    shortened[sizeof shortened - 1] = 0;
    pthread_setname_np(pthread_self(), shortened);
}

int amfleet_pipe(int *readEnd, int *writeEnd) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    *readEnd = ends[0];
    *writeEnd = ends[1];
    return 0;
}

int amfleet_set_pipe_size(int descriptor, int byteCount) {
    int granted = fcntl(descriptor, F_SETPIPE_SZ, byteCount);
    return granted < 0 ? -errno : granted;
}

int amfleet_try_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_SETLK, &lock) < 0 ? -errno : 0;
}

int amfleet_open(const char *path, int flags, mode_t mode) {
    int descriptor = open(path, flags | O_CLOEXEC, mode);
    return descriptor < 0 ? -errno : descriptor;
}

int amfleet_open_at(int directory, const char *name, int flags) {
    int descriptor = openat(directory, name, flags | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int amfleet_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/// The file actions that give the child exactly `descriptors`.
/// Sources are first lifted above the targets, so that no dup2 overwrites a source that is still needed.
static int add_descriptors(posix_spawn_file_actions_t *actions, const int *descriptors, int count, int *lifted) {
    for (int i = 0; i < count; i++) {
        lifted[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, count);
        if (lifted[i] < 0) return errno;
        int error = posix_spawn_file_actions_adddup2(actions, lifted[i], i);
        if (error) return error;
    }
    return posix_spawn_file_actions_addclosefrom_np(actions, count);
}

int amfleet_spawn(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t every, none;
    int lifted[16];
    if (descriptorCount > 16) return -EINVAL;
    for (int i = 0; i < descriptorCount; i++) lifted[i] = -1;
    sigfillset(&every);
    sigemptyset(&none);

    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    error = add_descriptors(&actions, descriptors, descriptorCount, lifted);
    if (!error && directory) error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (!error) error = posix_spawnattr_setpgroup(&attributes, 0);
    if (!error) error = posix_spawnattr_setsigdefault(&attributes, &every);
    if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error) {
        error = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    if (!error) error = posix_spawn(process, path, &actions, &attributes, arguments, environment);
    for (int i = 0; i < descriptorCount; i++) {
        if (lifted[i] >= 0) close(lifted[i]);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

int amfleet_wait_unreaped(pid_t process) {
    siginfo_t info;
    while (waitid(P_PID, (id_t)process, &info, WEXITED | WNOWAIT) != 0) {
        if (errno != EINTR) return -errno;
    }
    return 0;
}

int amfleet_terminal_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -errno;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
