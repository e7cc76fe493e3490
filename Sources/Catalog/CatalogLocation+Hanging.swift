// SPDX-License-Identifier: Apache-2.0

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
}

extension RunCatalog {
    public var mayHang: [String] { location.mayHang }
}
