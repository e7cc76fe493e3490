// SPDX-License-Identifier: Apache-2.0

/// The DLE as the header's XML describes it: how the dump was made, and so how it comes back.
///
/// Amanda's readers decompress only if `compress` says who compressed, and extract only with program, disk and
/// plugin. Source: Amanda 3.5.1 `server-src/dumper.c`, `server-src/diskfile.c` (`xml_optionstr`,
/// `xml_application`), `common-src/amxml.c`.
public struct DLEDescription: Equatable, Sendable {
    /// Who compressed, and with what.
    public enum Compression: Hashable, Sendable {
        case clientFast, clientBest, serverFast, serverBest
        case clientCustom(program: String)
        case serverCustom(program: String)
    }

    /// Who encrypted, and with what.
    public enum Encryption: Hashable, Sendable {
        case clientCustom(program: String, decryptOption: String?)
        case serverCustom(program: String, decryptOption: String?)
    }

    /// The `<exclude>` or `<include>` of a DLE.
    public struct FileSelection: Hashable, Sendable {
        /// Patterns.
        public var files: [String]
        /// Names of files that hold patterns, relative ones inside the disk.
        public var lists: [String]
        /// A list that does not exist is no error.
        public var isOptional: Bool

        public init(files: [String] = [], lists: [String] = [], isOptional: Bool = false) {
            self.files = files
            self.lists = lists
            self.isOptional = isOptional
        }
    }

    /// A property of the application or of the dumptype; Amanda writes names in lower case.
    public struct Property: Hashable, Sendable {
        public var name: String
        public var values: [String]
        var hasPriority: Bool

        public init(name: String, values: [String], hasPriority: Bool = false) {
            self.name = name
            self.values = values
            self.hasPriority = hasPriority
        }
    }

    /// A script-tool of the DLE. Stock amrecover runs those whose points are recovery's from here.
    public struct Script: Hashable, Sendable {
        public var plugin: String
        public var side: ScriptTool.Side
        /// In Amanda's order.
        public var points: [ScriptPoint]
        public var properties: [Property]

        public init(
            plugin: String, side: ScriptTool.Side, points: [ScriptPoint], properties: [Property] = []
        ) {
            self.plugin = plugin
            self.side = side
            self.points = points
            self.properties = properties
        }
    }

    /// `APPLICATION` or `GNUTAR`.
    public var program: String
    public var disk: String
    /// The disklist's device, if it names one beside the disk name.
    public var device: String?
    public var level: Int
    public var auth: String?
    /// Nil when stored as tar made it.
    public var compression: Compression?
    public var encryption: Encryption?
    public var isRecorded: Bool
    public var isIndexed: Bool
    public var dataPath: String?
    /// Nil when the DLE has none.
    public var exclude: FileSelection?
    public var include: FileSelection?
    /// Properties of the dumptype itself.
    public var dumptypeProperties: [Property]
    /// In the order in which they run.
    public var scripts: [Script]
    /// The application, e.g. `amgtar`; nil for `GNUTAR`.
    public var plugin: String?
    public var properties: [Property]

    public init(program: String, disk: String, device: String? = nil, level: Int, plugin: String? = nil) {
        self.program = program
        self.disk = disk
        self.device = device
        self.level = level
        self.plugin = plugin
        isRecorded = true
        isIndexed = false
        dumptypeProperties = []
        scripts = []
        properties = []
    }

    /// The values of an application property, its name compared as Amanda does: without case, `-` as `_`.
    func values(ofProperty name: String) -> [String]? {
        properties.first { Self.folded($0.name) == Self.folded(name) }?.values
    }

    private static func folded(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    }
}
