// SPDX-License-Identifier: Apache-2.0

public import Faults

/// What is wrong with a step between tar and the bucket.
public enum FilterError: Fault, Equatable {
    /// The program did not do its work. `what`: how it is known; `message`: what it said of it.
    case failed(program: String, doing: String, what: FaultText, message: String?)
    /// Tried before the dump: what the program encrypts or compresses it does not give back.
    case doesNotComeBack(program: String, option: String, what: String, message: String?)
    /// A header names it, and nothing on this node does.
    case notAllowed(program: String, option: String?)
    /// It runs as a user that this node does not have, or nobody said which.
    case noUser(program: String)
    /// The dumpuser is root.
    case asRoot(program: String)
    /// The file that holds the passphrase cannot be used.
    case noPassphrase(path: String, reason: FaultText)
    /// It is not installed, or cannot be run.
    case missing(program: String)
    /// The header says that the dump is encrypted or compressed, and not by what.
    case unnamed(what: String)
    /// The header's compression suffix is none that Amanda 3.5 writes.
    case unknownSuffix(String)
    /// More came back than was dumped, and it is not padding.
    case garbageBehind(byteCount: Int64)
}

extension FilterError {
    public var kind: FaultKind {
        switch self {
        case .notAllowed, .unnamed, .unknownSuffix: .unsupported
        case .noUser, .asRoot, .missing, .noPassphrase: .configuration
        case .garbageBehind: .damaged
        case .failed, .doesNotComeBack: .failed
        }
    }

    /// A key that is not there may come back with the restore itself.
    var isOfKey: Bool { if case .noPassphrase = self { true } else { false } }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .failed(let program, let doing, let what, let message):
            FaultText(
                "'\(program)' failed to \(doing): \(what.facts)\(Self.quoted(message))", hint: what.hint)
        case .doesNotComeBack(let program, let option, let what, let message):
            FaultText(
                "what '\(program)' makes cannot be undone by '\(program) \(option)': \(what)\(Self.quoted(message))",
                hint: "mend its keys or settings first: a dump that cannot come back is none.")
        case .notAllowed(let program, let option):
            FaultText(
                "the dump's header asks for '\(program)\(option.map { " " + $0 } ?? "")', which no configuration of this node names",
                hint:
                    "a header never decides what runs here: name the program in a dumptype of this node if you trust it."
            )
        case .noUser(let program):
            FaultText(
                "'\(program)' must run as the configuration's dumpuser, and there is no such user on this node",
                hint: "install Amanda or create the user, and bring its keys back, then try again.")
        case .asRoot(let program):
            FaultText(
                "'\(program)' must run as the configuration's dumpuser, and never as root",
                hint: "set dumpuser to a user of its own, such as \"backup\".")
        case .noPassphrase(let path, let reason):
            FaultText(
                "the passphrase in '\(path)' cannot be used: \(reason.facts)",
                hint: reason.hint
                    ?? "bring the file back that the dumps were encrypted with; 'amfleet key create' makes one for new dumps."
            )
        case .missing(let program):
            FaultText(
                "'\(program)' is not installed on this node, or may not be run",
                hint: "install the package that it belongs to.")
        case .unnamed(let what): "the header says that the dump is \(what), and not by what program"
        case .unknownSuffix(let suffix): "the dump is compressed as '\(suffix)', which is not supported"
        case .garbageBehind(let byteCount):
            FaultText(
                "what came back is not what was dumped, as with a wrong key: \(byteCount) bytes more, and they are no padding",
                hint: "bring the key and passphrase back that the dump was made with.")
        }
    }

    private static func quoted(_ message: String?) -> String { message.map { ": \($0)" } ?? "" }
}
