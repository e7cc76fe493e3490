// SPDX-License-Identifier: Apache-2.0

/// Why a volume does not take what a dump has for it.
public enum VolumeError: Error, Sendable, Equatable {
    /// A volume that nothing was written to yet cannot even take one piece.
    case tooSmall(label: String, needed: Int64, room: String)
    /// The volume is full, and the dump may not go on in another file.
    case full(label: String, room: String)
    /// The directory holds a file that has a volume file's name and is none.
    case foreignFile(path: String)
    /// There is no directory to write to.
    case noDirectory(path: String)
}

extension VolumeError: CustomStringConvertible {
    /// What failed, with the values; then what to do.
    public var description: String {
        switch self {
        case .tooSmall(let label, let needed, let room):
            """
            volume '\(label)' does not take \(needed) bytes: \(room)
            hint: make 'length' of the tapetype, or MAX_VOLUME_USAGE, larger, or room on the disk.
            """
        case .full(let label, let room):
            """
            volume '\(label)' is full, and the dump must not be cut ('allow-split no'): \(room)
            hint: write 'allow-split yes' in its dumptype, or let volumes take more.
            """
        case .foreignFile(let path):
            """
            '\(path)' has the name of a volume's file, but is none
            hint: move it away: nothing that is not Amanda's is ever deleted.
            """
        case .noDirectory(let path):
            """
            '\(path)' is no directory
            hint: make it, belonging to the dumpuser, or set auto-create-slot of its changer.
            """
        }
    }
}
