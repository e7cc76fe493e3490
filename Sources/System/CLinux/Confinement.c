#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "Confinement.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

int amfleet_open_beneath(int directory, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned long long)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long opened = syscall(SYS_openat2, directory, path, &how, sizeof how);
    return opened < 0 ? -errno : (int)opened;
}

int amfleet_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? -errno : (int)version;
}

long fork_into(const struct amfleet_confinement *confinement) {
    if (confinement == NULL || !confinement->hasNamespace) return fork();
    // As fork, but first in a process namespace of its own.
    return syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0);
}

static int set_mounts(unsigned long long attributes, unsigned long long propagation) {
    struct mount_attr change = {.attr_set = attributes, .propagation = propagation};
    return syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &change, sizeof change) < 0 ? errno : 0;
}

/// All that is mounted becomes read-only, in this namespace alone, but for the working directory and what is mounted below
/// it: that tree is copied before, with the rights that it has, and put over the old one.
static int enter_namespace(void) {
    if (unshare(CLONE_NEWNS) != 0) return errno;
    int error = set_mounts(0, MS_PRIVATE);
    if (error) return error;
    int tree = (int)syscall(
        SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) return errno;
    // Links to other processes' roots and descriptors would lead out: this one sees itself alone.
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0 && errno != ENOENT) return errno;
    error = set_mounts(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0);
    if (error) return error;
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) != 0) return errno;
    if (fchdir(tree) != 0) return errno;
    close(tree);
    // With the right to trace, /proc of another process namespace would lead out all the same.
    return prctl(PR_CAPBSET_DROP, 19 /* CAP_SYS_PTRACE */) != 0 ? errno : 0;
}

static int enter_landlock(int version) {
    __u64 rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE
        | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG
        | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK
        | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (version >= 5) rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    struct landlock_ruleset_attr handled = {.handled_access_fs = rights};
    // The first member is all that every version knows.
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0);
    if (rules < 0) return errno;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = open(".", O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0) return errno;
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0) return errno;
    close(rule.parent_fd);
    close(rules);
    return 0;
}

/// Where the files lie while they are put over their paths: gone from there before the program begins.
#define GIVEN "/tmp"
#define GIVEN_LIMIT 676

static int write_given(const struct amfleet_given_file *file, const char *path) {
    int opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (opened < 0) return errno;
    const char *rest = file->bytes;
    for (size_t left = file->byteCount; left > 0;) {
        ssize_t count = write(opened, rest, left);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : EIO;
        rest += count;
        left -= (size_t)count;
    }
    if (fchown(opened, file->user, file->group) != 0 || fchmod(opened, file->mode) != 0) return errno;
    close(opened);
    return 0;
}

static int cover(int place, const char *by) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, by, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) return errno;
    if (syscall(SYS_move_mount, tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) return errno;
    close(tree);
    return 0;
}

int give_files(const struct amfleet_given_file *files, int count) {
    if (count > GIVEN_LIMIT) return E2BIG;
    if (unshare(CLONE_NEWNS) != 0) return errno;
    int error = set_mounts(0, MS_PRIVATE);
    if (error) return error;
    // What is given must not make a program that gains rights believe it.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    // Through no link at a path's end; some may lie where the files lie meanwhile.
    int places[GIVEN_LIMIT];
    for (int number = 0; number < count; number++) {
        places[number] = open(files[number].path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat status;
        if (places[number] < 0 || fstat(places[number], &status) != 0) return errno;
        if (S_ISLNK(status.st_mode)) return ELOOP;
    }
    if (mount("amfleet", GIVEN, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0) return errno;
    for (int number = 0; number < count && !error; number++) {
        char path[] = GIVEN "/aa";
        path[sizeof GIVEN] = (char)('a' + number / 26);
        path[sizeof GIVEN + 1] = (char)('a' + number % 26);
        error = write_given(&files[number], path);
        if (!error) error = cover(places[number], path);
        close(places[number]);
    }
    if (!error && umount2(GIVEN, MNT_DETACH) != 0) error = errno;
    return error;
}

int confine(const struct amfleet_confinement *confinement) {
    int error = confinement->hasNamespace ? enter_namespace() : 0;
    if (!error && confinement->landlockVersion >= 2) error = enter_landlock(confinement->landlockVersion);
    return error;
}
