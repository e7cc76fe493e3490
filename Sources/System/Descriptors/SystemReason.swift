// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The kernel's reasons in words, shortages by their name: what is missing then is room, not the file that was asked for.
public enum SystemReason {
    /// Whether the number (`errno`) says that the process or the machine has run out of something, and nothing of the object.
    public static func isShortage(_ errorNumber: Int32) -> Bool {
        switch errorNumber {
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: true
        default: false
        }
    }

    /// The reason: `Permission denied`, `no file descriptors left (this process may have 1024 open)`.
    public static func text(_ errorNumber: Int32) -> String {
        switch errorNumber {
        case EMFILE: "no file descriptors left (this process may have \(DescriptorLimit.current) open)"
        case ENFILE: "no file descriptors left on this machine"
        case ENOMEM: "no memory left"
        case ENOBUFS: "no buffers left for another connection"
        default: String(cString: strerror(errorNumber))
        }
    }

    /// What to do about it: the one place that says so of any file, pipe, connection and program. nil: nothing has run out, and nothing is
    /// known but the reason.
    public static func hint(_ errorNumber: Int32) -> String? {
        switch errorNumber {
        case EMFILE: "raise the limit: 'LimitNOFILE=' of the systemd unit, or 'ulimit -n' before the start."
        case ENFILE: "raise the machine's: 'sysctl fs.file-max', or end what holds so many."
        case ENOMEM:
            "end what uses so much memory, or grant more: 'MemoryMax=' of the systemd unit, 'ulimit -v'."
        case ENOSPC: "make room there."
        case EDQUOT: "make room there, or raise the quota."
        case EROFS:
            "see why it is read-only: 'dmesg' tells of a disk that fails, and a systemd unit with ProtectSystem needs 'ReadWritePaths='."
        default: nil
        }
    }

    /// The shortage that another library's text names in the kernel's words; nil: none.
    public static func shortage(in text: String) -> Int32? {
        [ENFILE, EMFILE, ENOMEM, ENOBUFS].first { text.contains(String(cString: strerror($0))) }
    }
}
