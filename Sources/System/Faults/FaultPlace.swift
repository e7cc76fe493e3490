// SPDX-License-Identifier: Apache-2.0

/// Where something is wrong, as far as it is known. In JSON `{"file": …, "line": …}`, without what is nil.
public struct FaultPlace: Codable, Hashable, Sendable, CustomStringConvertible {
    /// A file's path, on the node or, without a node, on the coordinator.
    public var file: String?
    /// Counted from 1.
    public var line: Int?
    /// Counted from 1, where it is known.
    public var column: Int?
    public var node: String?
    /// The name of an Amanda configuration.
    public var configuration: String?
    /// The name of a disk, as the disklist has it.
    public var disk: String?

    public init(
        file: String? = nil, line: Int? = nil, column: Int? = nil, node: String? = nil,
        configuration: String? = nil, disk: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.node = node
        self.configuration = configuration
        self.disk = disk
    }

    /// `file:line:column` as far as it goes, or nothing: whose the file is, is said by whoever shows several.
    public var description: String {
        guard let file else { return "" }
        return ([file] + [line, column].compactMap { $0 }.map(String.init)).joined(separator: ":")
    }
}
