// SPDX-License-Identifier: Apache-2.0

import Descriptors
@_exported public import Faults
import Glibc

/// A system call on a file that failed: which call, on what, and why.
public struct FilesError: Fault, Equatable {
    /// What was being done, as a verb: `open`, `rename`, `read` …
    public let call: String
    /// The file or directory.
    public let path: String
    /// The system's number, 0 where the reason is ours.
    public let errorNumber: Int32
    /// Why, without the call and the path.
    public let reason: String

    /// A failure with the system's own reason.
    public init(_ call: String, _ path: String, errorNumber: Int32) {
        self.call = call
        self.path = path
        self.errorNumber = errorNumber
        reason = SystemReason.text(errorNumber)
    }

    /// A failure whose reason the system does not know.
    public init(_ call: String, _ path: String, reason: String) {
        self.call = call
        self.path = path
        errorNumber = 0
        self.reason = reason
    }

    /// The file or directory is not there.
    public var isMissing: Bool { errorNumber == ENOENT || errorNumber == ENOTDIR }

    /// Something of that name is there already.
    public var isTaken: Bool { errorNumber == EEXIST }

    /// The file system as a whole, or an attribute of the file, keeps even root from writing there.
    public var isWriteProtected: Bool {
        errorNumber == EROFS || errorNumber == EACCES || errorNumber == EPERM
    }

    /// The file system has no room left, or the quota is used up.
    public var isDiskFull: Bool { errorNumber == ENOSPC || errorNumber == EDQUOT }

    /// `cannot open '/etc/x': Permission denied`
    public var facts: String { "cannot \(call) '\(path)': \(reason)" }

    /// For a shortage alone: of the file nothing is wrong.
    public var hint: String? { SystemReason.hint(errorNumber) }
}
