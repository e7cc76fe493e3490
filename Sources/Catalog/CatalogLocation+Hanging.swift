// SPDX-License-Identifier: Apache-2.0

import Files

/// For `runBlocking(asking:)`: where a catalog's files lie.
extension CatalogLocation {
    public var mayHang: [String] {
        var paths = [
            directory, FileSystem.parentDirectory(of: tapelist), logDirectory, indexDirectory, infoDirectory,
        ]
        if let changerStateFile { paths.append(FileSystem.parentDirectory(of: changerStateFile)) }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }
}

extension RunCatalog {
    public var mayHang: [String] { location.mayHang }
}
