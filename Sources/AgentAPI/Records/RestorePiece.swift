// SPDX-License-Identifier: Apache-2.0

/// One disk and the directory that it is restored into.
public struct RestorePiece: Sendable {
    public let configuration: String
    public let disk: String
    public let path: String
    /// nil: the whole directory, or not known.
    public let selection: DumpSelection?

    public init(configuration: String, disk: String, path: String, selection: DumpSelection?) {
        self.configuration = configuration
        self.disk = disk
        self.path = path
        self.selection = selection
    }

    /// Why disks cannot be restored together: one would write over the other. The parts of a directory that is divided by
    /// include and exclude go side by side. One fault for each directory.
    ///
    /// Grows with the pairs of disks of one directory, and with their names.
    public static func collisions(among pieces: [RestorePiece]) -> [WireError] {
        var faults: [WireError] = []
        for (path, group) in Dictionary(grouping: pieces, by: \.path).sorted(by: { $0.key < $1.key })
        where group.count > 1 {
            let parts = group.map { SelectedPart($0.selection) }
            let pairs = group.indices.lazy.flatMap { first in
                group.indices.dropFirst(first + 1).lazy.map { (first, $0) }
            }
            let found = pairs.lazy.compactMap { first, second in
                parts[first].shared(with: parts[second]).map { (group[first], group[second], $0) }
            }.first
            if let (first, second, name) = found {
                faults.append(collision(first, second, at: path, sharing: name))
            }
        }
        return faults
    }

    /// The same within each configuration: those of two configurations are restored one after the other.
    public static func collisionsWithinEach(_ pieces: [RestorePiece]) -> [WireError] {
        Dictionary(grouping: pieces, by: \.configuration).sorted { $0.key < $1.key }
            .flatMap { collisions(among: $0.value) }
    }

    private static func collision(
        _ first: RestorePiece, _ second: RestorePiece, at path: String, sharing name: String
    ) -> WireError {
        let both = name == "." ? "both are the whole directory" : "both hold './\(name)'"
        let fault = WireError(
            .configuration,
            "'\(first.disk)' of '\(first.configuration)' and '\(second.disk)' of '\(second.configuration)' would both go to "
                + "'\(path)': \(both)",
            hint: first.configuration == second.configuration
                ? "give each a part of its own by 'include' and 'exclude' in the disklist, and back up again."
                : "restore one configuration at a time, with '--configuration'.")
        return fault.at(configuration: first.configuration, disk: first.disk)
    }
}
