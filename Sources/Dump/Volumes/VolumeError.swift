// SPDX-License-Identifier: Apache-2.0

public import Faults

/// Why a volume does not take what a dump has for it.
public enum VolumeError: Fault, Equatable {
    /// A volume that nothing was written to yet cannot even take one piece.
    case tooSmall(label: String, needed: Int64, room: String)
    /// The volume is full, and the dump may not go on in another file.
    case full(label: String, room: String)
    /// The directory holds a file that has a volume file's name and is none.
    case foreignFile(path: String)
    /// There is no directory to write to.
    case noDirectory(path: String)
    /// A file whose number is so high that no further one can have one.
    case noNumberLeft(place: String, last: UInt32)

    /// Files of a volume are numbered up to here; Amanda's number has 32 bits.
    public static let lastNumber = UInt32(Int32.max)
}

extension VolumeError {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .tooSmall(let label, let needed, let room):
            FaultText(
                "volume '\(label)' does not take \(needed) bytes: \(room)",
                hint: "make 'length' of the tapetype, or MAX_VOLUME_USAGE, larger, or room on the disk.")
        case .full(let label, let room):
            FaultText(
                "volume '\(label)' is full, and the dump must not be cut ('allow-split no'): \(room)",
                hint: "write 'allow-split yes' in its dumptype, or let volumes take more.")
        case .foreignFile(let path):
            FaultText(
                "'\(path)' has the name of a volume's file, but is none",
                hint: "move it away: nothing that is not Amanda's is ever deleted.")
        case .noDirectory(let path):
            FaultText(
                "'\(path)' is no directory",
                hint: "make it, belonging to the dumpuser, or set auto-create-slot of its changer.")
        case .noNumberLeft(let place, let last):
            FaultText(
                "'\(place)' has a file with the number \(last): behind it there is none for another",
                hint: "no run of Amanda's comes that far: see who wrote it, and remove it.")
        }
    }
}
