// SPDX-License-Identifier: Apache-2.0

import Faults

/// `define dumptype`, or the braces of a disklist entry, with everything inherited.
public struct DumpType: Sendable, Hashable {
    /// Who compresses, and how.
    public enum Compression: Sendable, Hashable {
        case none, clientFast, clientBest, serverFast, serverBest
        case clientCustom(program: String)
        case serverCustom(program: String)

        /// Whether it is the server that compresses.
        var isByServer: Bool {
            switch self {
            case .serverFast, .serverBest, .serverCustom: true
            case .none, .clientFast, .clientBest, .clientCustom: false
            }
        }
    }

    /// Who encrypts, and with what.
    public enum Encryption: Sendable, Hashable {
        case none
        case client(program: String, decryptOption: String)
        case server(program: String, decryptOption: String)
    }

    /// As written; of a disklist entry's braces `custom(HOST:DISK).N`, as in Amanda.
    public let name: String
    /// Where it begins.
    public let place: FaultPlace
    /// `APPLICATION`, `GNUTAR`, `DUMP` or `STAR`.
    public let program: String
    /// Nil unless `program` is `APPLICATION`.
    public let application: ApplicationTool?
    /// Its script-tools, in the order in which they run.
    public let scripts: [ScriptTool]
    /// The dumptype's own properties; only visible ones may stand in headers.
    public let properties: [ConfigurationProperty]
    public let compression: Compression
    public let encryption: Encryption
    public let exclude: DLEDescription.FileSelection
    public let include: DLEDescription.FileSelection
    /// Whether an index is kept.
    public let isIndexed: Bool
    /// Whether tar's snapshot is kept for increments.
    public let isRecorded: Bool
    /// Whether the disk is left out of every run: `ignore yes`, `strategy skip`.
    let isSkipped: Bool
    /// Whether a dump may be cut into dump parts.
    public let allowsSplit: Bool
    /// How stock Amanda would reach the client; stands in the dump's header. As written: `local`, `BSDTCP`.
    public let auth: String
    /// `STANDARD`, `NOINC`, `NOFULL`, `INCRONLY`, `HANOI` or `SKIP`.
    let strategy: String
    /// Days within which the disk gets a full dump.
    public let dumpcycleDays: Int
    /// Expected stored size of a full dump by its original size, until history knows better.
    let expectedFullRatio: Double
    let block: ConfigurationBlock

    init(_ block: ConfigurationBlock, of document: ConfigurationDocument) {
        self.block = block
        name = block.name
        place = block.place
        program = block.text("program") ?? "DUMP"
        application = block.text("application").flatMap {
            document.block(.application, named: $0).map(ApplicationTool.init)
        }
        scripts = block.names("script").compactMap {
            document.block(.script, named: $0).map(ScriptTool.init)
        }
        properties = block.properties("property")
        compression = block.compression
        encryption = block.encryption
        exclude = block.selection("exclude")
        include = block.selection("include")
        isIndexed = block.bool("index")
        isRecorded = block.bool("record")
        strategy = block.keyword("strategy")
        isSkipped = block.bool("ignore") || strategy == "SKIP"
        allowsSplit = block.bool("allow-split")
        auth = block.text("auth") ?? ""
        dumpcycleDays = Int(block.integer("dumpcycle"))
        if case .rates(let full, _) = block.value("comprate") {
            expectedFullRatio = full
        } else {
            expectedFullRatio = 0.5
        }
    }
}

extension ConfigurationBlock {
    fileprivate var compression: DumpType.Compression {
        switch keyword("compress") {
        case "CLIENT FAST": .clientFast
        case "CLIENT BEST": .clientBest
        case "SERVER FAST": .serverFast
        case "SERVER BEST": .serverBest
        case "CLIENT CUSTOM": .clientCustom(program: text("client-custom-compress") ?? "")
        case "SERVER CUSTOM": .serverCustom(program: text("server-custom-compress") ?? "")
        default: .none
        }
    }

    fileprivate var encryption: DumpType.Encryption {
        switch keyword("encrypt") {
        case "CLIENT":
            .client(
                program: text("client-encrypt") ?? "", decryptOption: text("client-decrypt-option") ?? "-d")
        case "SERVER":
            .server(
                program: text("server-encrypt") ?? "", decryptOption: text("server-decrypt-option") ?? "-d")
        default:
            .none
        }
    }
}
