// SPDX-License-Identifier: Apache-2.0
// What Glibc's Swift module hides: variadic calls, function-like macros and what needs _GNU_SOURCE.
// Every function that can fail returns the negative errno (ARC may overwrite errno before Swift reads it).
#pragma once
#include <stddef.h>
#include <sys/types.h>

/// Names the calling thread (the first 15 bytes count), as `top -H` shows it.
void amfleet_name_thread(const char *name);

/// Says of the calling thread whether it may block; none may until this says so.
void amfleet_let_thread_block(int mayBlock);

/// What was last said of the calling thread.
int amfleet_thread_may_block(void);

/// Leaves a pointer with the calling thread, for `amfleet_thread_note`.
void amfleet_set_thread_note(void *note);

/// What was left with the calling thread, or NULL.
void *amfleet_thread_note(void);

/// The kernel's number of the calling thread, as under `/proc/self/task`.
pid_t amfleet_thread_id(void);

/// A pipe whose ends are both close-on-exec: 0 or -errno.
int amfleet_pipe(int *readEnd, int *writeEnd);

/// Asks the kernel for a pipe buffer of that many bytes: the size granted or -errno.
int amfleet_set_pipe_size(int descriptor, int byteCount);

/// fcntl write lock over the whole file, without waiting: 0 or -errno (-EAGAIN, -EACCES: somebody else's).
int amfleet_try_lock(int descriptor);

/// open(2): descriptor or -errno; always close-on-exec.
int amfleet_open(const char *path, int flags, mode_t mode);

/// renameat2(2) with RENAME_NOREPLACE: 0 or -errno; -EEXIST where something has that name, -EINVAL where the file system does not know it.
int amfleet_rename_new(const char *from, const char *to);

/// openat(2) without creating: descriptor or -errno; always close-on-exec.
int amfleet_open_at(int directory, const char *name, int flags);

/// Reads and writes on the descriptor no longer wait: 0 or -errno.
int amfleet_set_nonblocking(int descriptor);

/// The kernel writes no core of this process, wherever it would go, and no user without root's rights may read its memory: 0 or -errno.
/// Its children inherit the limit of 0 bytes.
int amfleet_forbid_core(void);

/// malloc keeps memory that was freed in so many arenas at most, one of which a thread uses; glibc's own limit is eight a processor.
/// Once, at the start of a program.
void amfleet_limit_arenas(int count);

/// Raises the soft limit of open descriptors to the hard one; programs that are spawned later get the old one back. Once, at the
/// start of a program, before it has threads.
void amfleet_raise_descriptor_limit(void);

/// Spawns `path` in a session and process group of its own, so without a terminal, with default signal dispositions and an empty signal mask.
/// `descriptors[i]` becomes the child's descriptor i; all others are closed. `directory` may be NULL.
/// 0 and the process id in `*process`, or -errno.
int amfleet_spawn(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, pid_t *process);

/// Whose rights a child gets: user, group and supplementary groups.
struct amfleet_user {
    uid_t user;
    gid_t group;
    const gid_t *groups;
    int groupCount;
};

/// The same as another user, who need not be able to reach the descriptors by name. Needs euid 0.
int amfleet_spawn_as(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, const struct amfleet_user *user, pid_t *process);

/// What a child finds at a path in the place of what lies there.
struct amfleet_given_file {
    /// Absolute; a regular file that is there. Its last name may be no link.
    const char *path;
    const void *bytes;
    size_t byteCount;
    uid_t user;
    gid_t group;
    mode_t mode;
};

/// The same, with processes and mounts of its own in which other content lies at these paths, in memory, for this child and what it starts; no
/// program gains rights there. `user` NULL: ours. Needs CAP_SYS_ADMIN.
int amfleet_spawn_given(
    const char *path, char *const arguments[], char *const environment[], const char *directory,
    const int *descriptors, int descriptorCount, const struct amfleet_user *user,
    const struct amfleet_given_file *files, int fileCount, pid_t *process);

/// Gives the calling thread another user's rights to files, and to nothing else: 0, or -EALREADY where it has somebody's, or -EPERM. Needs euid 0.
int amfleet_assume_file_rights(uid_t user, gid_t group, const gid_t *groups, int groupCount);

/// Gives the calling thread its process's rights back; a process that cannot ends.
void amfleet_resume_file_rights(void);

/// How a child is kept from writing anywhere but below its working directory.
struct amfleet_confinement {
    /// Mounts of its own, all others read-only; processes of its own. Needs CAP_SYS_ADMIN.
    int hasNamespace;
    /// The kernel's, 2 or newer; anything less: no Landlock.
    int landlockVersion;
};

/// The same as `amfleet_spawn`, with the open directory `directory` as its working directory, confined to it as asked.
/// `path` NULL: the child ends well where it would become the program.
int amfleet_spawn_confined(
    const char *path, char *const arguments[], char *const environment[], int directory,
    const int *descriptors, int descriptorCount, const struct amfleet_confinement *confinement, pid_t *process);

/// The kernel's Landlock version, or -errno.
int amfleet_landlock_version(void);

/// openat2(2): a path that leads nowhere but below the open directory, through no symbolic link: descriptor or -errno; close-on-exec.
int amfleet_open_beneath(int directory, const char *path, int flags);

/// The groups that a user is in, `group` among them: how many or -ERANGE.
int amfleet_groups_of(const char *name, gid_t group, gid_t *groups, int capacity);

/// Waits until the child has ended and leaves it unreaped (its id stays ours): 0 or -errno.
int amfleet_wait_unreaped(pid_t process);

/// Columns and rows of the terminal behind the descriptor, 0 where it does not know them: 0 or -errno (-ENOTTY: none).
int amfleet_terminal_size(int descriptor, int *columns, int *rows);

/// Names of the extended attributes of an open file, each with its zero byte: bytes written or -errno.
ssize_t amfleet_list_attributes(int descriptor, char *names, size_t capacity);

/// The value of one of them: bytes written or -errno.
ssize_t amfleet_get_attribute(int descriptor, const char *name, void *value, size_t capacity);

/// Sets an extended attribute, whether or not it is there: 0 or -errno.
int amfleet_set_attribute(int descriptor, const char *name, const void *value, size_t byteCount);

/// statfs(2): the 32-bit magic number of the file system that holds `path`, or -errno.
long amfleet_file_system_type(const char *path);
