// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import Files

/// For `runBlocking(asking:)`: where a catalog's files lie.
extension CatalogLocation {
    /// Without the changer's state, which may lie with the volumes.
    public var directories: [String] {
        let paths = [
            directory, FileSystem.parentDirectory(of: tapelist), logDirectory, indexDirectory, infoDirectory,
        ]
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }

    public var mayHang: [String] {
        let state = changerStateFile.map { [FileSystem.parentDirectory(of: $0)] } ?? []
        return directories + state.filter { !directories.contains($0) }
    }

    /// A file that does not answer though its directory does is waited for as long as Amanda waits for a disk's estimate (`etimeout`).
    public var patience: Patience { .ofCatalog(callLimit) }
}

extension RunCatalog {
    public var mayHang: [String] { location.mayHang }
    public var patience: Patience { location.patience }
}
