// SPDX-License-Identifier: Apache-2.0

public import Faults

/// Why a dump could not be held, or a held dump not be used.
public enum HoldingError: Fault, Equatable {
    /// No holding disk can be used at all; why each cannot.
    case noDisk(reasons: [String])
    /// There is less room on all of them than the dump is expected to need.
    case noRoom(expected: Int64, room: Int64)
    /// Every holding disk filled up while the dump was being written.
    case full(writtenByteCount: Int64, directories: [String])
    /// `reserve` keeps the room for increments.
    case reserved(percent: Int)
    /// The dump's name is taken by a finished dump.
    case exists(path: String)
    /// It is not whole: what is wrong.
    case notWhole(path: String, reason: String)
    /// The chunks do not hold what their header says.
    case checksumDiffers(path: String, expected: String, found: String)
}

extension HoldingError {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .noDisk(let reasons):
            "no holding disk can be used\(reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))")"
        case .noRoom(let expected, let room):
            FaultText(
                "the holding disks have room for \(room) bytes, the dump is expected to need \(expected)",
                hint: "send what lies there with 'amfleet flush', or add a holdingdisk.")
        case .full(let written, let directories):
            FaultText(
                "the holding disks are full (\(directories.joined(separator: ", "))) after \(written) bytes of the dump",
                hint: "send what lies there with 'amfleet flush', or add a holdingdisk.")
        case .reserved(let percent):
            FaultText(
                "reserve \(percent) keeps the holding disks for increments, and this is a full dump",
                hint: "lower reserve in amanda.conf.")
        case .exists(let path):
            "'\(path)' is on the holding disk already"
        case .notWhole(let path, let reason):
            "the held dump '\(path)' is not whole: \(reason)"
        case .checksumDiffers(let path, let expected, let found):
            FaultText(
                "the held dump '\(path)' has changed: its header says \(expected), its chunks hold \(found)",
                hint: "test the holding disk and this machine's memory; the dump is left where it is.")
        }
    }
}
