// SPDX-License-Identifier: Apache-2.0

public import ChildProcess
public import Faults

/// Why a dump could not be restored. Nothing is claimed to be restored when one of these is thrown.
public enum RestoreError: Fault, Equatable {
    /// A data object, or every block of a file, is not in the bucket.
    case missing(key: String)
    /// An object has another length than the record says.
    case lengthDiffers(key: String, expected: Int64, found: Int64)
    /// The parts together have another length than the dump.
    case totalDiffers(firstKey: String, expected: Int64, found: Int64)
    /// The compressed stream is damaged, inside or near this object. `isCertain`, here and below: the store gave the same bytes twice.
    case damagedStream(name: String, offset: Int64, reason: String, isDecrypted: Bool, isCertain: Bool)
    /// A program or cipher cannot undo what the store gave, the same twice.
    case notUndone(name: String, offset: Int64, reason: String)
    /// A stream's CRC-32C is not the recorded one.
    case checksumDiffers(
        stream: String, firstKey: String, expected: String, found: String, isCertain: Bool = false)
    /// An object's CRC-32C is not the one that the store says.
    case objectDiffers(name: String, expected: String, found: String, isCertain: Bool)
    /// No two readings were the same, each on a connection of its own.
    case changesOnTheWay(range: String, readings: Int)
    /// The target's file system is full.
    case diskFull(message: String)
    /// tar did not end well; what it said of it, and of a directory that could not be renamed.
    case tarFailed(exit: ChildExit, cause: String?, renaming: String? = nil)
    /// Nothing but our own look keeps tar in the target here, and a member would lead out of it, or might.
    case needsConfinement(member: String, reason: String)
    /// The header asks for what is not done here.
    case unsupported(what: String)
    /// There is no header, or it cannot be read.
    case badHeader(key: String, reason: String)
}

extension RestoreError {
    private static func place(_ isCertain: Bool) -> String { isCertain ? "in the store " : "" }
    private static func proof(_ isCertain: Bool) -> String { isCertain ? "; the same bytes came twice" : "" }

    private static func tarFailure(_ exit: ChildExit, _ cause: String?, _ renaming: String?) -> FaultText {
        guard let renaming else {
            return FaultText("tar \(exit)" + (cause.map { ": \($0)" } ?? ""), hint: nil)
        }
        return FaultText(
            FailureCause.clean(renaming),
            hint: "in this increment of stock Amanda a directory takes the place of one that was removed, "
                + "which GNU tar cannot unpack: restore the run of a lower level, or of the next full dump.")
    }
}

extension RestoreError {
    public var kind: FaultKind {
        switch self {
        case .missing, .lengthDiffers, .totalDiffers, .damagedStream, .notUndone, .checksumDiffers,
            .objectDiffers,
            .badHeader:
            .damaged
        case .unsupported, .needsConfinement: .unsupported
        case .changesOnTheWay, .diskFull, .tarFailed: .failed
        }
    }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .missing(let key): "'\(key)' is not in the bucket"
        case .lengthDiffers(let key, let expected, let found):
            "'\(key)' has \(found) bytes, the record says \(expected)"
        case .totalDiffers(let key, let expected, let found):
            "the dump that begins with '\(key)' has \(found) bytes in the bucket, its header says \(expected)"
        case .damagedStream(let name, let offset, let reason, let isDecrypted, let isCertain):
            FaultText(
                "\(name) is damaged \(Self.place(isCertain))near byte \(offset): \(reason)\(Self.proof(isCertain))",
                hint: isDecrypted ? "see that the key is the one of that time." : nil)
        case .notUndone(let name, let offset, let reason):
            FaultText(
                "\(reason), near byte \(offset) of \(name)\(Self.proof(true))",
                hint:
                    "it is damaged in the store, or was made with another key or program than this node has.")
        case .checksumDiffers(let stream, let key, let expected, let found, let isCertain):
            "the dump that begins with '\(key)' is damaged\(isCertain ? " in the store" : ""): the CRC-32C of the \(stream) stream is \(found), expected \(expected)\(Self.proof(isCertain))"
        case .objectDiffers(let name, let expected, let found, let isCertain):
            "\(name) is damaged\(isCertain ? " in the store" : ""): its CRC-32C is \(found), the store says \(expected)\(Self.proof(isCertain))"
        case .changesOnTheWay(let range, let readings):
            FaultText(
                "\(range), came otherwise each of \(readings) times, on as many connections",
                hint:
                    "the way from the store changes what it carries: test this machine's memory and whatever lies between, or use https."
            )
        case .diskFull(let message):
            FaultText(
                "no space left on the target: \(message)",
                hint: "make room there or restore to another directory, then restore again.")
        case .tarFailed(let exit, let cause, let renaming):
            Self.tarFailure(exit, cause, renaming)
        case .unsupported(let what): "cannot restore \(what)"
        case .needsConfinement(let member, let reason):
            FaultText(
                "the archive's '\(member)' \(reason), and the kernel does not keep tar in the target here",
                hint:
                    "run the agent with CAP_SYS_ADMIN on Linux 5.12 or newer and not in a chroot, or restore with "
                    + "'--unconfined' if you trust whoever could write the dump.")
        case .badHeader(let key, let reason): "the header '\(key)' cannot be used: \(reason)"
        }
    }
}
