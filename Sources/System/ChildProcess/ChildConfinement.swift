// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// How the kernel keeps a child from changing anything outside the directory that it starts in.
public struct ChildConfinement: Sendable, Equatable {
    /// It has mounts of its own, all of them read-only but that directory and what is mounted below it, and sees no process but
    /// itself. That holds every change: content, names, owner, mode, times, attributes.
    public let hasNamespace: Bool
    /// The kernel's version of Landlock, 0 without. It holds content and names; not mode, owner, times and attributes.
    public let landlockVersion: Int32

    /// Version 2 is the first that lets files be renamed and linked between directories.
    static let leastLandlockVersion: Int32 = 2

    init(hasNamespace: Bool, landlockVersion: Int32) {
        self.hasNamespace = hasNamespace
        self.landlockVersion = landlockVersion
    }

    /// Nothing keeps it.
    public static let none = ChildConfinement(hasNamespace: false, landlockVersion: 0)

    /// Whether nothing outside can change, whatever the child does.
    public var isComplete: Bool { hasNamespace }

    /// All that this process may give a child, found out by doing it. Blocks for a few milliseconds.
    ///
    /// Namespaces need CAP_SYS_ADMIN, Linux 5.12, and a root directory that is a mount (not a `chroot`).
    public static func strongest() -> ChildConfinement {
        BlockingThread.require("confine")
        let version = amfleet_landlock_version()
        let landlock = version >= leastLandlockVersion ? version : 0
        let both = [
            ChildConfinement(hasNamespace: true, landlockVersion: landlock),
            ChildConfinement(hasNamespace: false, landlockVersion: landlock),
        ]
        return both.first { $0.isPossible } ?? .none
    }

    /// Whether a child may be given other files than those that lie at their paths (`ChildCommand.files`). Blocks as `strongest` does.
    public static var canGiveFiles: Bool {
        BlockingThread.require("confine")
        var processID: pid_t = 0
        let files = [ChildFile(path: "/dev/null", content: [], userID: 0, groupID: 0, mode: 0o600)]
        let status = files.withGivenFiles { files in
            amfleet_spawn_given(nil, nil, nil, nil, nil, 0, nil, files, Int32(files.count), &processID)
        }
        guard status == 0 else { return false }
        while waitpid(processID, nil, 0) < 0, errno == EINTR {}
        return true
    }

    private var isPossible: Bool {
        let root = amfleet_open("/", O_RDONLY | O_DIRECTORY, 0)
        guard root >= 0 else { return false }
        defer { close(root) }
        var confinement = amfleet_confinement(self)
        var processID: pid_t = 0
        guard amfleet_spawn_confined(nil, nil, nil, root, nil, 0, &confinement, &processID) == 0 else {
            return false
        }
        while waitpid(processID, nil, 0) < 0, errno == EINTR {}
        return true
    }
}

extension amfleet_confinement {
    init(_ confinement: ChildConfinement) {
        self.init(
            hasNamespace: confinement.hasNamespace ? 1 : 0, landlockVersion: confinement.landlockVersion)
    }
}
