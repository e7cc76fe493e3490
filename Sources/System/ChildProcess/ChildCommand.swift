// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Descriptors
@_exported public import Faults
import Glibc

/// What to run and what it gets: nothing is inherited but what stands here.
public struct ChildCommand: Sendable, Equatable {
    /// Absolute path of the program.
    public var executable: String
    /// The argument vector, `argv[0]` included.
    public var arguments: [String]
    /// The whole environment. The default is small and makes messages English.
    public var environment: [String: String]
    /// Where it starts; nil: where we are.
    public var directory: String?
    /// Whether we write its standard input; otherwise it reads `/dev/null`.
    public var hasInput: Bool
    /// Whether we read its standard output; otherwise that goes to `/dev/null`.
    public var hasOutput: Bool
    /// Whose rights it gets; nil: ours.
    public var user: ChildUser?
    /// Open descriptors that become 3, 4 … in the child. They stay the caller's, who closes them after the spawn.
    public var extraDescriptors: [Int32]
    /// An open directory where it starts, instead of `directory`, and whether it may write anywhere else. The descriptor stays
    /// the caller's, who keeps it open until the spawn.
    public var place: ChildPlace?
    /// What it finds in the place of other files. It then has mounts and processes of its own, and no program gains rights; that
    /// takes CAP_SYS_ADMIN. Not together with `place`.
    public var files: [ChildFile] = []
    /// The directory that it reads or writes: what hangs where it is killed and does not end.
    public var touches: String?
    /// Whether what it has left running in its group goes on after an end of its own; otherwise all ends with it.
    /// What is terminated ends with its group in any case.
    public var leavesRestRunning = false

    /// `arguments[0]` of the child is `executable`.
    public init(
        _ executable: String, _ arguments: [String],
        environment: [String: String] = ChildCommand.plainEnvironment,
        directory: String? = nil, hasInput: Bool = false, hasOutput: Bool = false,
        user: ChildUser? = nil, extraDescriptors: [Int32] = []
    ) {
        self.executable = executable
        self.arguments = [executable] + arguments
        self.environment = environment
        self.directory = directory
        self.hasInput = hasInput
        self.hasOutput = hasOutput
        self.user = user
        self.extraDescriptors = extraDescriptors
    }

    /// The standard search path and the C locale, as Amanda's `safe_env` gives its children.
    public static let plainEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
    ]
}

/// An open directory where a child starts.
public struct ChildPlace: Sendable, Equatable {
    /// The directory's descriptor.
    public let directory: Int32
    /// What keeps the child from writing anywhere else.
    public let confinement: ChildConfinement

    /// A directory by its descriptor.
    public init(directory: Int32, confinement: ChildConfinement) {
        self.directory = directory
        self.confinement = confinement
    }
}

/// A user whose rights a child gets instead of ours, which takes root's to give.
public struct ChildUser: Sendable, Equatable {
    /// Numeric user id.
    public let userID: UInt32
    /// Numeric id of the primary group.
    public let groupID: UInt32
    /// All groups, the primary one among them.
    public let groupIDs: [UInt32]

    /// A user by numbers.
    public init(userID: UInt32, groupID: UInt32, groupIDs: [UInt32]) {
        self.userID = userID
        self.groupID = groupID
        self.groupIDs = groupIDs
    }
}

/// How a child ended.
public enum ChildExit: Sendable, Equatable, CustomStringConvertible {
    /// By itself, with this status.
    case status(Int32)
    /// By this signal.
    case signal(Int32)
    /// Not at all: it was killed, and the kernel waits on its behalf for a disk that does not answer.
    case stuck

    /// `exited with status 2` or `was killed by signal 9`
    public var description: String {
        switch self {
        case .status(let status): "exited with status \(status)"
        case .signal(let signal): "was killed by signal \(signal)"
        case .stuck: "was killed and does not end: what it reads or writes does not answer"
        }
    }
}

/// What can go wrong with a child besides its own exit status.
public enum ChildProcessError: Fault, Equatable {
    /// It could not be started; the system's number (`errno`): `EAGAIN` where it, or a thread for it, would be one too many.
    case cannotStart(executable: String, errorNumber: Int32)
    /// It neither gave nor took a byte for this long.
    case stalled(executable: String, limit: Duration)
    /// It was killed and does not end: the kernel waits on its behalf for what it touches.
    case stuck(executable: String, touches: String?)
    /// It did not end in time and was killed.
    case timedOut(executable: String, limit: Duration)
    /// It stopped reading its input.
    case inputRefused(executable: String)
    /// A read or write on its pipe failed; the system's reason.
    case pipeFailed(executable: String, reason: String)
    /// It wrote more than we are willing to keep.
    case tooMuchOutput(executable: String, limit: Int)
}

extension ChildProcessError {
    /// One line, lower case.
    public var facts: String {
        switch self {
        case .cannotStart(let executable, let errorNumber):
            "cannot start '\(executable)': "
                + (errorNumber == EAGAIN ? ThreadShortage.reason : SystemReason.text(errorNumber))
        case .stalled(let executable, let limit): "'\(executable)' neither gave nor took a byte for \(limit)"
        case .stuck(let executable, let touches):
            "'\(executable)' came to a halt, was killed and does not end: "
                + (touches.map { "something in '\($0)'" } ?? "what it reads or writes") + " does not answer"
        case .timedOut(let executable, let limit):
            "'\(executable)' did not end within \(limit) and was killed"
        case .inputRefused(let executable): "'\(executable)' stopped reading its input"
        case .pipeFailed(let executable, let reason): "the pipe to '\(executable)' failed: \(reason)"
        case .tooMuchOutput(let executable, let limit): "'\(executable)' wrote more than \(limit) bytes"
        }
    }

    /// For a shortage alone: of the program nothing is wrong.
    public var hint: String? {
        guard case .cannotStart(_, let errorNumber) = self else { return nil }
        return errorNumber == EAGAIN ? ThreadShortage.hint : SystemReason.hint(errorNumber)
    }
}
