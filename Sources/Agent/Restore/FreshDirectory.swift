// SPDX-License-Identifier: Apache-2.0

import Files

/// Tells data from what a new machine has by itself: directories without a file below them, such as `lost+found`, mount points
/// and what was made beforehand, and files of packages as the packages brought them.
///
/// Looks at 10,000 names at most: whoever has more has data.
struct FreshDirectory {
    private static let nameLimit = 10_000
    private static let fileLimit = 500
    private static let deepestLevel = 64

    var packages = PackagedFiles()
    /// Paths that do not count, as bytes, with all below them; nor does what a restore was putting together.
    var passedOver: Set<[UInt8]> = []
    private var nameCount = 0
    private var files: [String] = []

    init(packages: PackagedFiles = PackagedFiles()) {
        self.packages = packages
    }

    /// - Returns: the path of something in the directory that counts as data; nil: there is nothing. Blocks.
    mutating func data(in directory: String) throws -> String? {
        if let excess = try walk(directory, level: 0) { return excess }
        guard let first = files.first else { return nil }
        // Most directories with a file are no package's: one look is enough for them.
        return try packages.firstOther(among: [first]) ?? packages.firstOther(among: files)
    }

    /// - Returns: what is too much to be looked at.
    private mutating func walk(_ directory: String, level: Int) throws -> String? {
        for name in try FileSystem.names(in: directory) {
            let path = "\(directory == "/" ? "" : directory)/\(String(decoding: name, as: UTF8.self))"
            if passedOver.contains(Array(path.utf8)) || path.hasSuffix("/\(StagedRestore.name)") { continue }
            nameCount += 1
            guard nameCount <= Self.nameLimit, level < Self.deepestLevel,
                String(validating: name, as: UTF8.self) != nil, let status = try FileSystem.status(path)
            else { return path }
            if status.kind == .directory {
                if let excess = try walk(path, level: level + 1) { return excess }
            } else {
                files.append(path)
                if files.count > Self.fileLimit { return path }
            }
        }
        return nil
    }
}
