// SPDX-License-Identifier: Apache-2.0

public import ChildProcess
@_exported public import Faults

/// Why one disk could not be dumped.
public enum DumpError: Fault, Equatable {
    /// A property of the application has a value that it cannot have.
    case badProperty(name: String, value: String, expected: String)
    /// An option of tar's that COMMAND-OPTIONS cannot have.
    case badOption(_ option: String, reason: String, hint: String?)
    /// A list that `--exclude-from` in COMMAND-OPTIONS names cannot be read: tar would not begin.
    case noExcludeFile(path: String, reason: String)
    /// amgtar has no such property, and would not run with it; the nearest that it has.
    case unknownProperty(name: String, nearest: String?)
    /// The dumptype asks for something that is not done here.
    case unsupported(what: String)
    /// The DLE's directory is not there, or is none.
    case noDirectory(path: String, reason: String)
    /// There is nothing that an increment could build on; `base`: the level that was asked for.
    case noSnapshot(level: Int, base: Int?, directory: String)
    /// The snapshot that an increment was to build on is cut short, or none.
    case damagedSnapshot(path: String)
    /// tar did not end well; what it said of it.
    case tarFailed(exit: ChildExit, cause: String?)
    /// The disk did not give what is on it: tar's first message of that kind, which names the file.
    case unreadable(message: String)
    /// The DLE names what to include, and none of it is there.
    case nothingToInclude(directory: String)
    /// The agent's own directory is full, or will be before the dump is done; what it needs there, where that is known.
    case noStateRoom(directory: String, neededByteCount: Int64?, freeByteCount: Int64)
    /// More files would be needed than a volume can number, or a part has other bytes than were sent.
    case inconsistent(what: String)
    /// The work after a failure or a cancellation did not end in time.
    case cleanUpTimedOut(limit: Duration)
}

extension DumpError {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .badProperty(let name, let value, let expected):
            "the application's property '\(name)' is '\(value)', expected \(expected)"
        case .badOption(let option, let reason, let hint):
            FaultText("the application's property 'command-options' has '\(option)': \(reason)", hint: hint)
        case .noExcludeFile(let path, let reason):
            FaultText(
                "cannot read '\(path)', which '--exclude-from' of 'command-options' names: \(reason)",
                hint: "make it, if need be empty, or take the option out.")
        case .unknownProperty(let name, let nearest):
            FaultText("the application has no property '\(name)'", hint: nearest.map { "write '\($0)'." })
        case .unsupported(let what): "\(what) is not supported"
        case .noDirectory(let path, let reason): "cannot dump '\(path)': \(reason)"
        case .noSnapshot(let level, let base, let directory):
            FaultText(
                "'\(directory)' has no snapshot\(base.map { " of level \($0)" } ?? "") that a dump of level \(level) could build on",
                hint: "make a full dump of this disk ('amadmin CONFIGURATION force HOST DISK').")
        case .damagedSnapshot(let path):
            FaultText(
                "the snapshot '\(path)' is damaged",
                hint: "remove it: the next dump of this disk is a full one then.")
        case .tarFailed(let exit, let cause):
            "tar \(exit)\(cause.map { ": \($0)" } ?? "")"
        case .unreadable(let message): "the disk could not be read: \(message)"
        case .nothingToInclude(let directory): "nothing that the include names is in '\(directory)'"
        case .noStateRoom(let directory, let needed, let free):
            FaultText(
                "'\(directory)' is too small: \(Self.mebibytes(free)) free, and tar's snapshot and the index need "
                    + (needed.map { "about \(Self.mebibytes($0))" } ?? "more"),
                hint: "make room there, or let stateDirectory in agent.json lead to a larger file system.")
        case .inconsistent(let what): "\(what)"
        case .cleanUpTimedOut(let limit): "what was begun in the bucket could not be removed within \(limit)"
        }
    }

    private static func mebibytes(_ byteCount: Int64) -> String {
        let tenths = byteCount / 104_858
        return "\(tenths / 10).\(tenths % 10) MiB"
    }
}
