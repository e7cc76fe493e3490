// SPDX-License-Identifier: Apache-2.0

extension FileSystem {
    /// Lays the directory `source` over the directory `target`: see `TreeOverlay`.
    ///
    /// - Throws: where a directory that holds something stands in the way of a file; what was moved before stays moved.
    public static func overlay(_ source: String, onto target: String) throws(FilesError) {
        try TreeOverlay(OpenDirectory(source), onto: OpenDirectory(target)).apply()
    }
}
