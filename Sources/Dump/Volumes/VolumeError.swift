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
        }
    }
}
