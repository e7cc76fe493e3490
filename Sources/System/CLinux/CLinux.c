// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CLinux.h"

#include "Confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

void amfleet_name_thread(const char *name) {
    char shortened[16];
    strncpy(shortened, name, sizeof shortened - 1);
    shortened[sizeof shortened - 1] = 0;
    pthread_setname_np(pthread_self(), shortened);
}

int amfleet_forbid_core(void) {
    // A core that is piped to a program has no limit, but asks whether the process may be dumped.
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return -errno;
    return prctl(PR_SET_DUMPABLE, 0) != 0 ? -errno : 0;
}

// Whoever starts a program with one of the first three descriptors closed (`>&-`) would have it write what it says, or its child
// programs what they say, into the file or connection that gets the number. Before `main`, since the runtime opens some of its own
// there; open the wrong way round, so that using one fails as it does where it is closed.
__attribute__((constructor)) static void occupy_standard_descriptors(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
            if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) return;
}

static _Thread_local int may_block;

void amfleet_let_thread_block(int mayBlock) { may_block = mayBlock; }

int amfleet_thread_may_block(void) { return may_block; }

static _Thread_local void *thread_note = NULL;

void amfleet_set_thread_note(void *note) { thread_note = note; }

void *amfleet_thread_note(void) { return thread_note; }

pid_t amfleet_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

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

int amfleet_rename_new(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0 ? -errno : 0;
}

int amfleet_open_at(int directory, const char *name, int flags) {
    int descriptor = openat(directory, name, flags | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

void amfleet_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

int amfleet_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/// Gives the calling process exactly `descriptors`, and `*report` as the one behind them, close-on-exec: 0 or errno.
static int take_descriptors(const int *descriptors, int count, int *report) {
    int lifted[16];
    int high = fcntl(*report, F_DUPFD_CLOEXEC, count + 1);
    if (high < 0) return errno;
    *report = high;
    for (int i = 0; i < count; i++) {
        lifted[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, count + 1);
        if (lifted[i] < 0) return errno;
    }
    for (int i = 0; i < count; i++) {
        if (dup2(lifted[i], i) < 0) return errno;
    }
    if (dup3(high, count, O_CLOEXEC) < 0) return errno;
    *report = count;
    closefrom(count + 1);
    return 0;
}

/// What a forked child becomes; async-signal-safe calls only.
struct new_program {
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// NULL: as `directoryDescriptor` says.
    const char *directory;
    /// -1: where we are.
    int directoryDescriptor;
    const int *descriptors;
    int descriptorCount;
    /// NULL: with our rights.
    const struct amfleet_user *user;
    /// NULL: not confined.
    const struct amfleet_confinement *confinement;
    const struct amfleet_given_file *files;
    int fileCount;
};

/// The soft limit of descriptors that this process was given, as long as it has another.
static struct rlimit given_descriptors;
static int has_raised_descriptors;

void amfleet_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (has_raised_descriptors || getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    given_descriptors = limit;
    limit.rlim_cur = limit.rlim_max;
    has_raised_descriptors = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int take_rights(const struct amfleet_user *user) {
    // The library's functions would speak to threads that the child does not have.
    if (syscall(SYS_setgroups, (size_t)user->groupCount, user->groups) != 0) return errno;
    if (syscall(SYS_setresgid, user->group, user->group, user->group) != 0) return errno;
    if (syscall(SYS_setresuid, user->user, user->user, user->user) != 0) return errno;
    return 0;
}

/// Gives errno when it has not become the program.
static int become(const struct new_program *program, int *report) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigemptyset(&none);
    setsid();
    if (program->directoryDescriptor >= 0 && fchdir(program->directoryDescriptor) != 0) return errno;
    int error = take_descriptors(program->descriptors, program->descriptorCount, report);
    if (!error && program->confinement) error = confine(program->confinement);
    if (!error && program->fileCount > 0) error = give_files(program->files, program->fileCount);
    if (!error && program->user) error = take_rights(program->user);
    if (error) return error;
    if (program->directory && chdir(program->directory) != 0) return errno;
    if (program->path == NULL) _exit(0);
    if (has_raised_descriptors) setrlimit(RLIMIT_NOFILE, &given_descriptors);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(program->path, program->arguments, program->environment);
    return errno;
}

/// A child that keeps our rights and our view of the machine borrows our memory until it has become the program: what a fork
/// would copy grows with our size.
static int spawn(const struct new_program *program, pid_t *process) {
    sigset_t every, before;
    int report[2];
    int error = 0;
    if (program->descriptorCount > 15) return -EINVAL;
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    static const struct amfleet_confinement own_processes = {.hasNamespace = 1};
    int borrows = program->user == NULL && program->confinement == NULL && program->fileCount == 0;
    // What a program leaves running must not keep what it was given.
    pid_t child = borrows ? vfork() : (pid_t)fork_into(program->fileCount > 0 ? &own_processes : program->confinement);
    if (child == 0) {
        int own = report[1], reason = become(program, &own);
        (void)!write(own, &reason, sizeof reason);
        _exit(127);
    }
    if (child < 0) error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(report[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
        if (count > 0) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        } else {
            error = 0;
        }
    }
    close(report[0]);
    *process = child;
    return -error;
}

int amfleet_spawn(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, pid_t *process) {
    struct new_program program = {path, arguments, environment, directory, -1, descriptors, descriptorCount, NULL, NULL, NULL, 0};
    return spawn(&program, process);
}

int amfleet_spawn_as(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, const struct amfleet_user *user, pid_t *process) {
    struct new_program program = {path, arguments, environment, directory, -1, descriptors, descriptorCount, user, NULL, NULL, 0};
    return spawn(&program, process);
}

int amfleet_spawn_given(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, const struct amfleet_user *user,
    const struct amfleet_given_file *files, int fileCount, pid_t *process) {
    struct new_program program = {
        path, arguments, environment, directory, -1, descriptors, descriptorCount, user, NULL, files, fileCount};
    return spawn(&program, process);
}

int amfleet_spawn_confined(
    const char *path, char *const arguments[], char *const environment[], int directory,
    const int *descriptors, int descriptorCount, const struct amfleet_confinement *confinement, pid_t *process) {
    struct new_program program = {
        path, arguments, environment, NULL, directory, descriptors, descriptorCount, NULL, confinement, NULL, 0};
    return spawn(&program, process);
}

int amfleet_groups_of(const char *name, gid_t group, gid_t *groups, int capacity) {
    int count = capacity;
    return getgrouplist(name, group, groups, &count) < 0 ? -ERANGE : count;
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

ssize_t amfleet_list_attributes(int descriptor, char *names, size_t capacity) {
    ssize_t count = flistxattr(descriptor, names, capacity);
    return count < 0 ? -errno : count;
}

ssize_t amfleet_get_attribute(int descriptor, const char *name, void *value, size_t capacity) {
    ssize_t count = fgetxattr(descriptor, name, value, capacity);
    return count < 0 ? -errno : count;
}

int amfleet_set_attribute(int descriptor, const char *name, const void *value, size_t byteCount) {
    return fsetxattr(descriptor, name, value, byteCount, 0) < 0 ? -errno : 0;
}

long amfleet_file_system_type(const char *path) {
    struct statfs system;
    return statfs(path, &system) != 0 ? -errno : (long)(unsigned int)system.f_type;
}

// Groups are set by the bare system call: glibc's sets them for every thread of the process.
static _Thread_local int has_foreign_rights;
static _Thread_local gid_t own_groups[256];
static _Thread_local int own_group_count;

int amfleet_assume_file_rights(uid_t user, gid_t group, const gid_t *groups, int groupCount) {
    if (has_foreign_rights) return -EALREADY;
    own_group_count = getgroups(sizeof own_groups / sizeof *own_groups, own_groups);
    if (own_group_count < 0) return -errno;
    if (syscall(SYS_setgroups, (size_t)groupCount, groups) != 0) return -errno;
    has_foreign_rights = 1;
    setfsgid(group);
    setfsuid(user);
    // Neither call tells of a failure; an impossible id tells what is set.
    if ((uid_t)setfsuid((uid_t)-1) == user && (gid_t)setfsgid((gid_t)-1) == group) return 0;
    amfleet_resume_file_rights();
    return -EPERM;
}

void amfleet_resume_file_rights(void) {
    setfsuid(geteuid());
    setfsgid(getegid());
    if ((uid_t)setfsuid((uid_t)-1) != geteuid() || (gid_t)setfsgid((gid_t)-1) != getegid() ||
        syscall(SYS_setgroups, (size_t)own_group_count, own_groups) != 0)
        abort();
    has_foreign_rights = 0;
}
