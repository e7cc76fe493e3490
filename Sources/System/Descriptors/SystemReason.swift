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

    /// What to do about it; nil: it is no shortage that a setting mends.
    public static func hint(_ errorNumber: Int32) -> String? {
        switch errorNumber {
        case EMFILE: "raise the limit: 'LimitNOFILE=' of the systemd unit, or 'ulimit -n' before the start."
        case ENFILE: "raise the machine's: 'sysctl fs.file-max', or end what holds so many."
        default: nil
        }
    }

    /// The shortage that another library's text names in the kernel's words; nil: none.
    public static func shortage(in text: String) -> Int32? {
        [ENFILE, EMFILE, ENOMEM, ENOBUFS].first { text.contains(String(cString: strerror($0))) }
    }
}
